# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What is found: a job, and the evidence against it."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple

CRONTAB, SCRIPT, UNIT = "crontab", "script", "unit"
ACTIVE, RETIRED = "active", "retired"
#: critical: it breaks images; warning: it runs without gate, snapshot and proof
CRITICAL, WARNING = "critical", "warning"


class Evidence(NamedTuple):
    """One line that harms, and why. ``line`` counts from 1."""

    file: str
    line: int
    text: str
    why: str
    severity: str


class Job(NamedTuple):
    """One thing that runs by the clock: a line of a crontab, a script in a folder of cron's, or a systemd unit.

    ``file``, ``line`` and ``text`` are where it stands. ``schedule`` is cron's own words, a period, or the timer's lines. ``others`` are the
    commands in it that have nothing to do with the harm: with any, it is for a person to take apart. ``unit`` is what starts it, for a unit.
    """

    kind: str
    file: str
    line: int
    text: str
    schedule: str
    user: str
    unit: str
    evidence: List[Evidence]
    others: List[str]

    @property
    def name(self) -> str:
        """What it is called, active or retired: its unit, or file:line."""
        return self.unit or f"{self.file}:{self.line}"

    @property
    def severity(self) -> str:
        """The worst of its evidence."""
        return CRITICAL if any(each.severity == CRITICAL for each in self.evidence) else WARNING

    def as_dict(self) -> Dict[str, Any]:
        """Plain JSON types."""
        record = dict(self._asdict(), name=self.name, severity=self.severity, retirable=not self.others)
        record["evidence"] = [dict(each._asdict()) for each in self.evidence]
        return record


class Retired(NamedTuple):
    """A job that was retired and can be brought back. ``since`` is in UTC, ``by`` the user who did it."""

    kind: str
    file: str
    line: int
    text: str
    since: str
    by: str

    @property
    def name(self) -> str:
        """What it was called while it was active."""
        return self.text if self.kind == UNIT else f"{self.file}:{self.line}"

    def as_dict(self) -> Dict[str, Any]:
        """Plain JSON types."""
        return dict(self._asdict(), name=self.name)
