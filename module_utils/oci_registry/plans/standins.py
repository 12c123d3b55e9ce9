# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a broken tag could point at instead: plain data, gathered by ``evidence/standins``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Tuple

from .facts import Key, Node


@dataclass
class StandIn:
    """One manifest of the same repository. ``problem``: why the tag must not point at it; empty where it is intact."""

    digest: str
    tags: Tuple[str, ...] = ()
    written: float = 0.0  # seconds since 1970: when its newest tag, or else its own link, was written; 0.0 where nothing tells
    problem: str = ""
    unasked: bool = False  # whether the problem is only that it could not be looked at
    lost: Tuple[str, ...] = ()  # platforms that the broken one has and this one has not
    nodes: Dict[Key, Node] = field(default_factory=dict)  # it and all below it, as they were seen


@dataclass
class StandIns:
    """For one broken tag: the best first. ``looked``: at how many manifests; ``problem``: why that was not all.

    ``unasked``: which of them could not be looked at, and why. There may be one among them that would do.
    """

    found: List[StandIn] = field(default_factory=list)
    looked: int = 0
    problem: str = ""
    unasked: str = ""
