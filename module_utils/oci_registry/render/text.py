# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Reports as a person reads them: the verdict first, then what is broken, image by image."""

from __future__ import annotations

from collections import Counter
from typing import Dict, List, Sequence, Tuple

from ..findings import SEVERITIES, Finding, sort_key
from ..report import Report

Row = Sequence[str]
COLUMNS = ("PLATFORM", "MISSING OR DAMAGED", "STATE", "CHEAPEST SOUND REPAIR")
_INDENT = "  "
_MAX_TAGS = 6
#: every collection of 2.8 leaves some behind, for good: of those in one repository, a few stand for all
_WASTE, _MAX_WASTE = "layer-link-orphan ", 3
_COUNTED = ("repositories", "tags", "indexes", "manifests", "blobs")


def text(reports: Sequence[Report]) -> str:
    """One part for each report, a blank line between."""
    return "\n".join(map(_part, reports))


def _part(report: Report) -> str:
    lines = [_headline(report)]
    if report.findings:
        lines += ["", *by_image([_row(finding) for finding in sorted(report.findings, key=sort_key)]), ""]
    lines += [f"COULD NOT LOOK: {problem}" for problem in report.problems]
    lines += [f"legacy, not broken (schema 1): {name}" for name in report.legacy]
    lines += [f"note: {caveat}" for caveat in report.caveats]
    return "".join(f"{printable(line)}\n" for line in lines)


def by_image(rows: Sequence[Row]) -> List[str]:
    """Rows of (image, platform, what is missing, state, repair) as a table with a line for each image above its rows.

    Images stand in the order of their first row. No digest is cut, so that it can be copied, and only wasted space is told by example.
    """
    rows = _few(rows)
    head, *lines = table(COLUMNS, [row[1:] for row in rows])
    groups: Dict[str, List[str]] = {}
    for row, line in zip(rows, lines):
        groups.setdefault(row[0], []).append(line)
    shown = ["IMAGE", _INDENT + head]
    for image, below in groups.items():
        shown += [image, *(_INDENT + line for line in below)]
    return shown


def _few(rows: Sequence[Row]) -> List[Row]:
    """The rows; of wasted space the first few of each image, the last of which says how many more there are."""
    total = Counter(row[0] for row in rows if row[2].startswith(_WASTE))
    seen: Dict[str, int] = {}
    shown: List[Row] = []
    for row in rows:
        more = total[row[0]] - _MAX_WASTE
        if more <= 0 or not row[2].startswith(_WASTE):
            shown.append(row)
            continue
        seen[row[0]] = seen.get(row[0], 0) + 1
        if seen[row[0]] < _MAX_WASTE:
            shown.append(row)
        elif seen[row[0]] == _MAX_WASTE:
            shown.append((*row[:2], f"{row[2]} (+{more} more)", *row[3:]))
    return shown


def table(columns: Row, rows: Sequence[Row]) -> List[str]:
    """Columns as wide as they need to be; nothing is cut."""
    widths = [max(len(row[number]) for row in [columns, *rows]) for number in range(len(columns))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in [columns, *rows]]


def image_name(finding: Finding) -> str:
    """``repository:tag, tag, … (+3 more)``, or ``repository (no tag)`` where no tag is hit."""
    if not finding.tags:
        return f"{finding.repository} (no tag)"
    more = len(finding.tags) - _MAX_TAGS
    shown = ", ".join(finding.tags[:_MAX_TAGS]) + (f" (+{more} more)" if more > 0 else "")
    return f"{finding.repository}:{shown}"


def missing(finding: Finding) -> str:
    """The code, the role where the code does not tell it, and the digest, or what else is known where there is none."""
    is_told = finding.role in finding.code or (finding.code, finding.role) == ("child-missing", "manifest")
    role = "" if is_told else f" ({finding.role})"
    return f"{finding.code}{role} {finding.digest or finding.detail}".strip()


def printable(line: str) -> str:
    """``line`` without what could move a terminal's cursor, or could not be encoded."""
    return line if line.isprintable() else "".join(char if char.isprintable() else "?" for char in line)


def _row(finding: Finding) -> Tuple[str, ...]:
    repair = finding.repairs[0] if finding.repairs else "-"
    return (image_name(finding), finding.platform or "-", missing(finding), finding.state, repair)


def _headline(report: Report) -> str:
    counts = report.summary
    looked = ", ".join(f"{counts[name]} {name}" for name in _COUNTED if name in counts)
    effort = f"{counts['requests']} requests" if "requests" in counts else f"{counts.get('files', 0)} files"
    return f"{report.target}: {_verdict(report)}  [{looked}; {effort}, {counts.get('seconds', 0)} s, proof: {report.proof}]"


def _verdict(report: Report) -> str:
    found = ", ".join(f"{sum(item.severity == severity for item in report.findings)} {severity}" for severity in SEVERITIES)
    if not report.complete:
        return f"INCOMPLETE, could not look at everything ({found} so far)"
    if not report.healthy:
        return f"BROKEN ({found})"
    if not report.summary.get("repositories"):
        return "HEALTHY, and empty: no repositories"
    if not report.summary.get("tags"):
        return "HEALTHY, and empty: no tags"
    return f"HEALTHY ({len(report.findings)} info)" if report.findings else "HEALTHY"
