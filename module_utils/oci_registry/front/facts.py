# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What is known of one registry behind a front: what it should be, what answered, and what lies on its disk."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, NamedTuple, Optional

from ..client import Settings

#: code: the symptom, in the words of docs/runbooks/registry-vm.md
CODES: Dict[str, str] = {
    "front-unreachable": "nothing answers, or not as HTTP, TLS and credentials go",
    "front-not-a-registry": "what answers is no registry",
    "front-open": "answers without credentials, where they are due",
    "front-closed": "wants credentials, where none are due",
    "front-other-registry": "another registry of the machine answers",
    "front-unknown-content": "lists repositories that no store of the machine holds",
    "front-empty": "lists no repository, where there are some",
    "front-incomplete": "does not list what its store holds",
}


class Port(NamedTuple):
    """One registry as the inventory describes it."""

    name: str
    settings: Optional[Settings]  # None: it has no port, and is only known so that the others can be told from it
    requires_auth: bool = False
    store_path: str = ""  # rootdirectory; empty where it is not to be seen from here
    service: str = ""  # whose log shows the requests that it answered; empty where that is not known


class Heard(NamedTuple):
    """What answered at a port."""

    status: int = 0  # of GET /v2/ without credentials; 0 where nothing answered
    distribution: bool = False  # whether that answer carried the mark of the API
    catalog: Optional[FrozenSet[str]] = None  # None where it could not be had
    problem: str = ""  # why there is no answer, or no catalog
    code: str = ""  # of the error that ``problem`` tells


class Disk(NamedTuple):
    """The repositories of a store, read before and after the port was asked: pushes and deletions may go on meanwhile."""

    ever: FrozenSet[str]  # there at one of the two times
    always: FrozenSet[str]  # there both times, and such that every version lists it


class Finding(NamedTuple):
    """One thing that is wrong at one port."""

    code: str
    registry: str
    address: str
    detail: str
    other: str = ""  # the registry that answers in its place

    def as_dict(self) -> Dict[str, Any]:
        """Plain data, with the severity that all of these have."""
        return {**self._asdict(), "severity": "critical"}
