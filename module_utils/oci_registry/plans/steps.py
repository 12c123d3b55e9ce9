# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Steps of a repair plan: plain data that check mode prints and a run carries out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Dict, List, Set, Tuple

from .facts import Key

#: what a step does
RELINK, RESTORE, LINK_TAG = "relink", "restore", "link-tag"
QUARANTINE, REMOVE_LINK, RESTART = "quarantine", "remove-link", "restart"
REPOINT, REBUILD, DELETE, UNDO = "repoint", "rebuild", "delete", "undo"
#: who carries it out: the API, a write to the disk, or a person
API, DISK, OPERATOR = "api", "disk", "operator"
#: what it costs: nothing, a transfer of bytes, or a build
FREE, COPY, BUILD = "free", "copy", "rebuild"
#: what became of it
PLANNED, DONE, SKIPPED, FAILED, REMAINING = "planned", "done", "skipped", "failed", "remaining"

#: what changes more than a digest says, and so needs to be named in ``approve``; the last three are never done by a repair
APPROVABLE = (QUARANTINE, REMOVE_LINK, REPOINT, REBUILD, DELETE)


@dataclass
class Step:
    """One thing to do, or the reason why there is nothing to do."""

    action: str
    repository: str
    digest: str
    role: str
    reason: str
    tags: Tuple[str, ...] = ()
    way: str = OPERATOR
    cost: str = FREE
    needs_approval: bool = False
    state: str = PLANNED
    detail: str = ""
    source: str = ""  # label of the source that a restore takes its bytes from

    @property
    def key(self) -> Key:
        """What it is about, as in ``Evidence.nodes``."""
        return (self.repository, self.digest)

    def as_dict(self) -> Dict[str, Any]:
        """The step as documented: plain JSON types."""
        return dict(asdict(self), tags=list(self.tags))


@dataclass
class Plan:
    """Steps in their order, and what they cannot help. ``fixed`` and ``fixed_tags`` are what will be sound once all are done."""

    steps: List[Step] = field(default_factory=list)
    remaining: List[Dict[str, Any]] = field(default_factory=list)
    fixed: Set[Key] = field(default_factory=set)
    fixed_tags: Set[Key] = field(default_factory=set)
    restart_required: bool = False

    @property
    def changes(self) -> List[Step]:
        """The steps that this tool itself is to carry out."""
        return [step for step in self.steps if step.state == PLANNED and step.way != OPERATOR]
