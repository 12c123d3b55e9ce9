# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a scenario on a machine leaves behind: the ground truth, and what a person then does, act by act. Pure data."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

Finding = Dict[str, Any]


class Wanted(NamedTuple):
    """How an act must end; None where any outcome will do."""

    exit: int = 0  # as the console says it; of a pull 1: every image was refused
    changed: Optional[bool] = None  # whether any task changed something
    findings: Optional[Sequence[Finding]] = None  # exactly these, each known by the keys that it has here
    found: Optional[Sequence[Finding]] = None  # the same of what a plan is for
    plan: Optional[Dict[str, int]] = None  # action: how often it is planned
    says: Sequence[str] = ()  # words that must be in what is printed or reported
    never: Sequence[str] = ()  # words that must not


class Act(NamedTuple):
    """One thing that a person does. Exactly one of ``playbook``, ``command``, ``pull`` and ``put`` says how."""

    stage: str  # detect, diagnose, repair, prove or again: the clock of a stage stops with its last act
    what: str  # for people
    wanted: Wanted = Wanted()
    playbook: str = ""  # of this project
    variables: Optional[Dict[str, Any]] = None  # no secret: those are in the inventory
    check: bool = False
    command: Sequence[str] = ()  # on the machine
    pull: Sequence[Tuple[str, str]] = ()  # (service, "repository:tag")
    put: Sequence[Tuple[str, str]] = ()  # (file that was prepared, file that it replaces)

    def as_dict(self) -> Dict[str, Any]:
        """For JSON."""
        return dict(self._asdict(), wanted=self.wanted._asdict())

    @classmethod
    def of(cls, record: Dict[str, Any]) -> Act:
        """The opposite of :meth:`as_dict`."""
        return cls(**{**record, "wanted": Wanted(**record["wanted"])})


class Scene(NamedTuple):
    """The ground truth of a broken machine."""

    broken: List[str]  # what was done, for people
    evidence: List[str]  # what was proved on the way
    acts: List[Act]
    found: int  # how many things there are to be found
