# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether a manifest is intact with all that it needs: every byte of it on disk, the end of every blob over the API.

Over the API, every byte is asked for of what was seen to be corrupt before: the end of such a blob may be right.
"""

from __future__ import annotations

from typing import NamedTuple, Optional

from ..plans.facts import Evidence, Node
from .observer import Place, observe
from .wanted import Wanted


class Whole(NamedTuple):
    """The manifest, all that was seen below it, and what is wrong first, in words; empty where nothing is."""

    root: Node
    evidence: Evidence
    problem: str


def look_whole(place: Place, repository: str, digest: str, *, verify: bool = True, before: Optional[Evidence] = None) -> Whole:
    """Look at what the place itself has, whatever its sources have. Without ``verify`` only the manifest itself matters.

    ``before``: evidence of the same place, whose suspects are suspects here, too.
    """
    key = (repository, digest)
    wanted = Wanted(digests={key: "manifest"})
    if before is not None:
        wanted.suspects, wanted.damaged = before.suspects, before.damaged
    evidence = observe(place._replace(sources=()), wanted)
    root = evidence.nodes[key]
    nodes = evidence.nodes.values() if verify else [root]
    wrong = next((node for node in nodes if not node.sound or node.lies or node.invalid), None)
    if wrong is None:
        return Whole(root, evidence, "")
    why = wrong.detail or wrong.invalid or "not as its descriptor says"
    return Whole(root, evidence, f"{wrong.role} {wrong.digest} is not to be had: {why}")
