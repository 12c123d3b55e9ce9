# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From compared observations and a plan to what a person reads: a row for each broken thing, and a table of them. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from .compare import MEANINGS, Comparison, Record
from .findings import INFO, SEVERITIES, Finding, sort_key
from .remedy import Repairs
from .render import by_image, image_name, missing, table


class Diagnosis(NamedTuple):
    """``name`` of what was looked at; ``problems``: what could not be looked at; ``caveats`` of the observers."""

    name: str
    comparison: Comparison
    plan: Sequence[Mapping[str, Any]]
    problems: Sequence[str]
    caveats: Sequence[str]

    @property
    def healthy(self) -> bool:
        """Everything was looked at, nothing but wasted space was found, and the observers agree."""
        faults = [record for record in self.comparison.findings if record["severity"] != INFO]
        return not (faults or self.problems or self.comparison.differences)

    def rows(self) -> List[Record]:
        """One for each finding, worst first: ``image, tags, platform, missing, state, repair``."""
        findings = sorted(self.comparison.findings, key=lambda record: sort_key(Finding.from_dict(record)))
        repairs = Repairs(self.plan)
        return [_row(record, repairs) for record in findings]

    def text(self) -> str:
        """The table a tired person can read, then where the observers differ, then what could not be seen."""
        lines = [f"{self.name}: {self._verdict()}"]
        rows = [(row["image"], row["platform"], row["missing"], row["state"], row["repair"]) for row in self.rows()]
        lines += ["", *by_image(rows)] if rows else []
        lines += _difference_lines(self.comparison.differences)
        lines += [f"COULD NOT LOOK: {problem}" for problem in self.problems]
        lines += [f"note: {caveat}" for caveat in self.caveats]
        return "\n".join(lines) + "\n"

    def _verdict(self) -> str:
        severities = [record["severity"] for record in self.comparison.findings]
        counts = ", ".join(f"{severities.count(severity)} {severity}" for severity in SEVERITIES)
        if self.problems:
            return f"INCOMPLETE, could not look at everything ({counts} so far)"
        if self.healthy:
            return "HEALTHY" if not severities else f"HEALTHY ({counts})"
        return f"BROKEN ({counts})"


def _row(record: Record, repairs: Repairs) -> Record:
    finding = Finding.from_dict(record)
    return {
        "image": image_name(finding),
        "tags": record["tags"],
        "platform": finding.platform or "-",
        "missing": missing(finding),
        "state": f"{finding.state} (a cache hides it)" if record["masked"] else finding.state,
        "repair": repairs.of(finding),
    }


def _difference_lines(differences: Sequence[Record]) -> List[str]:
    """A table for each meaning, under what that meaning says."""
    by_meaning: Dict[str, List[Tuple[str, ...]]] = {}
    for record in differences:
        by_meaning.setdefault(record["meaning"], []).append(_difference_row(record))
    lines: List[str] = []
    for meaning, rows in by_meaning.items():
        lines += ["", f"{meaning.upper()}: {MEANINGS[meaning]}", *table(("IMAGE", "DIGEST", "DISK SAYS", "HTTP SAYS"), rows)]
    return lines


def _difference_row(record: Record) -> Tuple[str, ...]:
    image = ":".join(filter(None, (record["repository"], ", ".join(record["tags"])))) or "(whole registry)"
    return image, record["digest"] or "-", record["disk"], record["http"]
