# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Steps of a repair plan: plain data that check mode prints and a run carries out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Dict, List, Sequence, Set, Tuple

from .facts import Key

#: what a step does
RELINK, RESTORE, LINK_TAG = "relink", "restore", "link-tag"
QUARANTINE, REMOVE_LINK, RESTART = "quarantine", "remove-link", "restart"
REPOINT, RELOAD, REBUILD, DELETE, UNDO = "repoint", "reload", "rebuild", "delete", "undo"
#: who carries it out: the API, a write to the disk, or a person
API, DISK, OPERATOR = "api", "disk", "operator"
#: what it costs: nothing, a transfer of bytes, or a build
FREE, COPY, BUILD = "free", "copy", "rebuild"
#: what became of it
PLANNED, DONE, SKIPPED, FAILED, REMAINING = "planned", "done", "skipped", "failed", "remaining"

#: what changes more than a digest says, and so needs to be named in ``approve``; a rebuild is never done by a repair
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
    began: float = 0.0  # seconds since 1970; 0.0 where it was not done
    ended: float = 0.0

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
    recomputed: List[str] = field(default_factory=list)  # where it differs from the plan that was approved, in words

    def restart(self, when: str, reason: str) -> None:
        """For the operator: the registry answers from its cache. ``when``: before or after the repair. Said once."""
        self.restart_required = True
        detail = f"{when} the repair"
        if not any(step.action == RESTART and step.detail == detail for step in self.steps):
            self.steps.append(Step(RESTART, "", "", "", reason, state=REMAINING, detail=detail))

    def follow(self, earlier: Plan, done: Sequence[Step]) -> None:
        """Put the steps that an ``earlier`` plan of the same run has ``done`` before those of this one, and keep its restarts."""
        known = {step.key for step in done}
        restarts = {step.detail: step for plan in (earlier, self) for step in plan.steps if step.action == RESTART}
        own = [step for step in self.steps if step.action != RESTART and not (step.state == SKIPPED and step.key in known)]
        first = [step for step in restarts.values() if step.detail.startswith("before")]
        self.steps = [*first, *done, *own, *(step for step in restarts.values() if step not in first)]
        self.restart_required = self.restart_required or earlier.restart_required

    def left(self) -> List[Dict[str, Any]]:
        """``remaining`` without the tags that no longer need it, since they point elsewhere or are gone."""
        gone = self.resolved()
        found = []
        for record in self.remaining:
            tags = [tag for tag in record["tags"] if (record["repository"], tag) not in gone]
            if tags or not record["tags"]:
                found.append(dict(record, tags=tags))
        return found

    def resolved(self) -> Set[Key]:
        """The (repository, tag) that point elsewhere, or are gone, once all is done."""
        steps = [step for step in self.steps if step.action in (REPOINT, DELETE) and step.state in (PLANNED, DONE)]
        return {(step.repository, tag) for step in steps for tag in step.tags}

    @property
    def changes(self) -> List[Step]:
        """The steps that this tool itself is to carry out."""
        return [step for step in self.steps if step.state == PLANNED and step.way != OPERATOR]
