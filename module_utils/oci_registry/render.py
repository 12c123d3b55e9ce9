# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A report as text for people, JSON, JUnit XML and Prometheus text. Pure."""

from __future__ import annotations

import json
import time
from typing import Callable, Dict, List, Optional, Sequence, Tuple
from xml.sax.saxutils import escape, quoteattr

from .findings import CODES, CRITICAL, SEVERITIES, Finding, sort_key
from .report import Report

COLUMNS = ("IMAGE", "PLATFORM", "MISSING OR DAMAGED", "STATE", "CHEAPEST SOUND REPAIR")
_MAX_TAGS = 4


def text(report: Report) -> str:
    """A table for a tired person: per broken image the tags, the platform, what is missing, the state, the cheapest sound repair."""
    lines = [_headline(report)]
    if report.findings:
        lines += ["", *table(COLUMNS, [_row(finding) for finding in sorted(report.findings, key=sort_key)]), ""]
    lines += [f"COULD NOT LOOK: {problem}" for problem in report.problems]
    lines += [f"legacy, not broken (schema 1): {name}" for name in report.legacy]
    lines += [f"note: {caveat}" for caveat in report.caveats]
    return "\n".join(lines) + "\n"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> List[str]:
    """Columns as wide as they need to be; nothing is cut, so that every digest can be copied."""
    widths = [max(len(row[number]) for row in [columns, *rows]) for number in range(len(columns))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in [columns, *rows]]


def image_name(finding: Finding) -> str:
    """``repository:tag, tag, … (+3)``, or the repository alone where no tag is hit."""
    if not finding.tags:
        return f"{finding.repository} (no tag)"
    more = len(finding.tags) - _MAX_TAGS
    shown = ", ".join(finding.tags[:_MAX_TAGS]) + (f" (+{more} more)" if more > 0 else "")
    return f"{finding.repository}:{shown}"


def _row(finding: Finding) -> Tuple[str, ...]:
    thing = finding.role if finding.role in finding.code else f"{finding.role} "
    what = f"{finding.code} {finding.digest or finding.detail}"
    if finding.role not in finding.code and finding.role != "link":
        what = f"{finding.code} ({thing.strip()}) {finding.digest}"
    return (image_name(finding), finding.platform or "-", what.strip(), finding.state, _repair(finding))


def _repair(finding: Finding) -> str:
    """The cheapest repair; where the cause is unknown, also what it takes if that does not help."""
    return ", else ".join(finding.repairs[: 2 if finding.state == "unknown" else 1]) or "-"


def _headline(report: Report) -> str:
    counts = report.summary
    looked = ", ".join(f"{counts[name]} {name}" for name in ("repositories", "tags", "indexes", "manifests", "blobs") if name in counts)
    effort = f"{counts['requests']} requests" if "requests" in counts else f"{counts.get('files', 0)} files"
    return f"{report.target}: {_verdict(report)}  [{looked}; {effort}, {counts.get('seconds', 0)} s, proof: {report.proof}]"


def _verdict(report: Report) -> str:
    found = [f"{sum(item.severity == severity for item in report.findings)} {severity}" for severity in SEVERITIES]
    if not report.complete:
        return f"INCOMPLETE, could not look at everything ({', '.join(found)} so far)"
    if not report.healthy:
        return f"BROKEN ({', '.join(found)})"
    if not report.summary.get("repositories"):
        return "HEALTHY, and empty: no repositories"
    return f"HEALTHY ({len(report.findings)} info)" if report.findings else "HEALTHY"


def as_json(report: Report) -> str:
    """The documented schema, one object, keys in a stable order."""
    return json.dumps(report.as_dict(), indent=2) + "\n"


def junit(report: Report) -> str:
    """One test case for each finding and each problem; one that passes where there are neither."""
    cases = [_junit_case(finding) for finding in sorted(report.findings, key=sort_key)]
    cases += [f'  <testcase classname="registry" name="could not look"><error message={quoteattr(problem)}/></testcase>' for problem in report.problems]
    if not cases:
        cases = ['  <testcase classname="registry" name="healthy"/>']
    failures = sum(finding.severity != "info" for finding in report.findings)
    head = f'<testsuite name={quoteattr(report.target)} tests="{len(cases)}" failures="{failures}" errors="{len(report.problems)}">'
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + "\n".join([head, *cases, "</testsuite>"]) + "\n"


def _junit_case(finding: Finding) -> str:
    name = quoteattr(f"{finding.code} {finding.digest}".strip())
    head = f"  <testcase classname={quoteattr(image_name(finding))} name={name}>"
    if finding.severity == "info":
        return f"{head}<system-out>{escape(_xml_safe(finding.detail))}</system-out></testcase>"
    return f"{head}<failure message={quoteattr(_xml_safe(f'{finding.state}: {finding.detail}'))}/></testcase>"


def _xml_safe(value: str) -> str:
    """XML 1.0 has no way to write control characters."""
    return "".join(char if char >= " " else "?" for char in value)


def prometheus(report: Report, *, now: Optional[float] = None) -> str:
    """The metrics of the incident's probe, under the same names, and the findings by code."""
    prefix, counts = "registry_manifest_integrity", report.summary
    failures = sum(finding.severity == CRITICAL for finding in report.findings)
    values: Dict[str, float] = {
        "failures": failures,
        "catalog_accessible": int(report.complete),
        "repos_checked": counts.get("repositories", 0),
        "tags_checked": counts.get("tags", 0),
        "indexes_checked": counts.get("indexes", 0),
        "last_run_timestamp": int(time.time() if now is None else now),
    }
    instance = _label(report.target)
    lines = []
    for name, value in values.items():
        lines += [f"# TYPE {prefix}_{name} gauge", f'{prefix}_{name}{{instance="{instance}"}} {value}']
    lines.append(f"# TYPE {prefix}_findings gauge")
    for code in CODES:
        for severity in SEVERITIES:
            count = sum(item.code == code and item.severity == severity for item in report.findings)
            lines.append(f'{prefix}_findings{{instance="{instance}",code="{code}",severity="{severity}"}} {count}')
    return "\n".join(lines) + "\n"


def _label(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


FORMATS: Dict[str, Callable[[Report], str]] = {"text": text, "json": as_json, "junit": junit, "prometheus": prometheus}
