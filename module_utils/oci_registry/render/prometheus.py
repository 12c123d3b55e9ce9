# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Reports as Prometheus text: for a textfile collector, or to be pushed to a gateway."""

from __future__ import annotations

import time
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from ..findings import CODES, CRITICAL, SEVERITIES
from ..report import Report
from .text import printable

PREFIX = "registry_manifest_integrity"
#: metric: what it counts; the first six have the names that the incident's alerts know
HELP: Dict[str, str] = {
    "failures": "Findings that break a pull.",
    "catalog_accessible": "Whether everything that was asked for could be looked at.",
    "repos_checked": "Repositories looked at.",
    "tags_checked": "Tags looked at.",
    "indexes_checked": "Image indexes looked at.",
    "last_run_timestamp": "When the last run ended, in seconds since 1970.",
    "findings": "Findings by code and severity.",
}
_COUNTS = {"repos_checked": "repositories", "tags_checked": "tags", "indexes_checked": "indexes"}
Sample = Tuple[str, float]  # labels, value


def prometheus(reports: Sequence[Report], *, now: Optional[float] = None, dated: bool = True) -> str:
    """Each metric once, with a sample of each report under it; ``now`` in seconds since 1970, by default the clock's.

    Without ``dated`` it is not said when that was. Whoever looks less often than the probe would be taken for a probe that does not run.
    """
    at = int(time.time() if now is None else now)
    lines: List[str] = []
    for name, help_text in HELP.items():
        if name == "last_run_timestamp" and not dated:
            continue
        lines += [f"# HELP {PREFIX}_{name} {help_text}", f"# TYPE {PREFIX}_{name} gauge"]
        lines += [f"{PREFIX}_{name}{{{labels}}} {value}" for report in reports for labels, value in _samples(name, report, at)]
    return "\n".join(lines) + "\n"


def _samples(name: str, report: Report, at: int) -> Iterator[Sample]:
    """What could not be looked at whole has no "0": only what is known to be broken."""
    instance = f'instance="{_escaped(report.target)}"'
    if name != "findings":
        value = _value(name, report, at)
        if value or report.complete or name != "failures":
            yield instance, value
        return
    for code in CODES:
        for severity in SEVERITIES:
            count = sum(item.code == code and item.severity == severity for item in report.findings)
            if count or report.complete:
                yield f'{instance},code="{code}",severity="{severity}"', count


def _value(name: str, report: Report, at: int) -> float:
    if name == "failures":
        return sum(finding.severity == CRITICAL for finding in report.findings)
    if name == "catalog_accessible":
        return int(report.complete)
    return at if name == "last_run_timestamp" else int(report.summary.get(_COUNTS[name], 0))


def _escaped(value: str) -> str:
    return printable(value).replace("\\", r"\\").replace('"', r"\"")
