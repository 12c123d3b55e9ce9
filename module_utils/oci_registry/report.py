# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The result of one observation, the same shape whoever looked: what modules return and the doctor prints."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Sequence

from .findings import Finding, as_dicts, count_by_code, is_healthy

#: caveats, said wherever they hold
LESS_PROOF = "proof '{proof}' proves less than bytes: a registry that answers from its cache passes it although the pull fails"
MAY_MASK = "over HTTP a running registry's cache may mask damage that only the disk, or a restart, shows"

EXIT_HEALTHY, EXIT_FINDINGS, EXIT_NOT_LOOKED = 0, 1, 2


class Report(NamedTuple):
    """What one observer found.

    ``problems`` lists what could not be looked at, each with where and why: if it is not empty the report is incomplete, however
    healthy the rest. ``summary`` holds counts: repositories, tags, indexes, manifests, blobs, bytes, seconds, and requests (http)
    or files (disk). ``legacy`` lists ``repository:tag`` of schema 1 manifests, which are old, not broken.
    """

    observer: str  # "http" or "disk"
    target: str
    proof: str
    findings: List[Finding]
    summary: Dict[str, Any]
    problems: List[str]
    legacy: List[str]
    caveats: List[str]

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for was looked at."""
        return not self.problems

    @property
    def healthy(self) -> bool:
        """Complete, and nothing that breaks a pull or loses a part of an image."""
        return self.complete and is_healthy(self.findings)

    @property
    def exit_code(self) -> int:
        """0 healthy, 1 findings, 2 could not look: the last wins."""
        if not self.complete:
            return EXIT_NOT_LOOKED
        return EXIT_HEALTHY if self.healthy else EXIT_FINDINGS

    def as_dict(self) -> Dict[str, Any]:
        """Plain JSON types; the documented schema of every JSON output."""
        record = dict(self._asdict())
        record["findings"] = as_dicts(self.findings)
        record["summary"] = dict(self.summary, findings_by_code=count_by_code(self.findings))
        record["healthy"] = self.healthy
        record["complete"] = self.complete
        return record


def combine(reports: Sequence[Report]) -> Dict[str, Any]:
    """Several stores as one record: the same keys as one report, each finding with its ``store``, and every report under ``stores``."""
    whole = dict(reports[0].as_dict()) if len(reports) == 1 else _merged(reports)
    whole["findings"] = [dict(finding, store=report.target) for report in reports for finding in as_dicts(report.findings)]
    whole["stores"] = [report.as_dict() for report in reports]
    return whole


def _merged(reports: Sequence[Report]) -> Dict[str, Any]:
    every = [finding for report in reports for finding in report.findings]
    summary: Dict[str, Any] = {}
    for report in reports:
        for name, count in report.summary.items():
            if isinstance(count, (int, float)):
                summary[name] = round(summary.get(name, 0) + count, 3)
    return {
        "observer": reports[0].observer,
        "target": ", ".join(report.target for report in reports),
        "proof": reports[0].proof,
        "summary": dict(summary, findings_by_code=count_by_code(every)),
        "problems": [f"{report.target}: {problem}" for report in reports for problem in report.problems],
        "legacy": [f"{report.target}: {name}" for report in reports for name in report.legacy],
        "caveats": list(dict.fromkeys(caveat for report in reports for caveat in report.caveats)),
        "healthy": all(report.healthy for report in reports),
        "complete": all(report.complete for report in reports),
    }
