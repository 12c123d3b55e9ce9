# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From compared observations and a plan to what a person reads: a row for each broken thing, and a table of them. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from .compare import MEANINGS, Comparison, Record
from .findings import INFO, SEVERITIES, Finding, sort_key
from .remedy import Repairs
from .render import by_image, image_name, missing, printable, table

_COUNTED = ("repositories", "tags", "indexes", "manifests", "blobs", "requests", "files")
_OBSERVERS = {"disk": "the disk", "http": "HTTP"}


class Diagnosis(NamedTuple):
    """``name`` of what was looked at, the ``reports`` of its observers and their comparison, a repair plan, and further ``obstacles``.

    ``images``: what the plan has chosen for each broken tag.
    """

    name: str
    reports: Sequence[Mapping[str, Any]]
    comparison: Comparison
    plan: Sequence[Mapping[str, Any]] = ()
    obstacles: Sequence[str] = ()
    images: Sequence[Mapping[str, Any]] = ()

    @property
    def problems(self) -> List[str]:
        """What could not be looked at, and why."""
        return [*self.obstacles, *(problem for report in self.reports for problem in report["problems"])]

    @property
    def healthy(self) -> bool:
        """Everything was looked at, nothing but wasted space was found, and the observers agree."""
        faults = [record for record in self.comparison.findings if record["severity"] != INFO]
        return not (faults or self.problems or self.comparison.differences)

    def rows(self) -> List[Record]:
        """One for each finding, worst first: ``image, tags, platform, missing, state, repair``."""
        findings = sorted(self.comparison.findings, key=lambda record: sort_key(Finding.from_dict(record)))
        repairs = Repairs(self.plan, self.images)
        return [_row(record, repairs) for record in findings]

    def text(self) -> str:
        """The table a tired person can read, then where the observers differ, then what could not be seen."""
        lines = [f"{self.name}: {self._verdict()}"]
        rows = [(row["image"], row["platform"], row["missing"], row["state"], row["repair"]) for row in self.rows()]
        lines += ["", *by_image(rows)] if rows else []
        lines += _difference_lines(self.comparison.differences)
        lines += [f"COULD NOT LOOK: {problem}" for problem in self.problems]
        lines += ["", *map(_looked, self.reports)] if rows or self.comparison.differences else map(_looked, self.reports)
        lines += [
            f"legacy, not broken (schema 1): {name}"
            for name in sorted({name for report in self.reports for name in report["legacy"]})
        ]
        lines += [
            f"note: {caveat}" for caveat in dict.fromkeys(caveat for report in self.reports for caveat in report["caveats"])
        ]
        return "".join(f"{printable(line)}\n" for line in lines)

    def _verdict(self) -> str:
        severities = [record["severity"] for record in self.comparison.findings]
        counts = ", ".join(f"{severities.count(severity)} {severity}" for severity in SEVERITIES)
        if self.problems:
            return f"INCOMPLETE, could not look at everything ({counts} so far)"
        if not self.healthy:
            return f"BROKEN ({counts})"
        if not any(report["summary"].get("repositories") for report in self.reports):
            return "HEALTHY, and empty: no repositories"
        return f"HEALTHY ({counts})" if severities else "HEALTHY"


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


def _looked(report: Mapping[str, Any]) -> str:
    """What an observer looked at, and how well."""
    counts = report["summary"]
    looked = ", ".join(f"{counts[name]} {name}" for name in _COUNTED if name in counts)
    return f"looked over {_OBSERVERS[report['observer']]}: {looked}, in {counts.get('seconds', 0)} s, proof: {report['proof']}"


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
