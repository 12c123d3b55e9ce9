# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What is known of a registry: of each repository, when it was looked at and what was found then. Pure.

It outlives a run as the metrics of that run, wherever those went: a file, or a Pushgateway.
"""

from __future__ import annotations

from typing import Dict, Iterable, List, Mapping, NamedTuple, Tuple

from ..exposition import Sample
from ..findings import CODES, CRITICAL, SEVERITIES, Finding
from .metrics import PREFIX

Kind = Tuple[str, str]  # code, severity
Counts = Mapping[Kind, int]
_NONE: Counts = {}
_KINDS = frozenset((code, severity) for code in CODES for severity in SEVERITIES)


class Past(NamedTuple):
    """One repository. Times are in seconds since 1970, 0 for never."""

    checked: float = 0.0  # when it was last looked at as a whole
    attempted: float = 0.0  # when that was last begun in vain
    tags: int = 0
    findings: Counts = _NONE

    @property
    def failures(self) -> int:
        """Findings that break a pull."""
        return sum(count for (_code, severity), count in self.findings.items() if severity == CRITICAL)

    @property
    def tried(self) -> float:
        """When it was last looked at, as a whole or in vain."""
        return max(self.checked, self.attempted)


class Known(NamedTuple):
    """One registry."""

    repositories: Dict[str, Past]
    last_success: float = 0.0
    certificate_not_after: float = 0.0


def count(findings: Iterable[Finding]) -> Dict[Kind, int]:
    """How many findings there are of each kind."""
    counts: Dict[Kind, int] = {}
    for finding in findings:
        kind = (finding.code, finding.severity)
        counts[kind] = counts.get(kind, 0) + 1
    return counts


def most(one: Counts, other: Counts) -> Dict[Kind, int]:
    """The larger number of each kind: of a repository that was seen in part, what was known before still counts."""
    return {kind: max(one.get(kind, 0), other.get(kind, 0)) for kind in {*one, *other}}


def recall(samples: Iterable[Sample], now: float) -> Known:
    """What the metrics of an earlier run tell. Times after ``now``, of a clock that was wrong, are taken for never."""
    singles: Dict[str, float] = {}
    repositories: Dict[str, Past] = {}
    for sample in samples:
        name = sample.name[len(PREFIX) + 1 :]
        repository = sample.labels.get("repository")
        if repository is None:
            singles[name] = sample.value
        else:
            repositories[repository] = _learned(repositories.get(repository, Past()), name, sample, now)
    return Known(
        repositories,
        _past_time(singles.get("last_success_timestamp", 0.0), now),
        singles.get("certificate_not_after_timestamp", 0.0),
    )


def _past_time(value: float, now: float) -> float:
    return value if 0 <= value <= now else 0.0


def _learned(past: Past, name: str, sample: Sample, now: float) -> Past:
    if name == "repository_last_checked_timestamp":
        return past._replace(checked=_past_time(sample.value, now))
    if name == "repository_last_attempt_timestamp":
        return past._replace(attempted=_past_time(sample.value, now))
    if name == "repository_tags":
        return past._replace(tags=int(sample.value))
    kind = (sample.labels.get("code", ""), sample.labels.get("severity", ""))
    if name == "repository_findings" and kind in _KINDS:
        return past._replace(findings={**past.findings, kind: int(sample.value)})
    return past


def in_order(names: Iterable[str], known: Mapping[str, Past]) -> List[str]:
    """The order to look at repositories in: never looked at first, then longest ago; every other one is one that is known to be broken.

    So that neither the healthy wait for the broken, nor a repair waits for its turn in a long round.
    """
    ordered = sorted(names, key=lambda name: (known.get(name, Past()).tried, name))
    broken = [name for name in ordered if known.get(name, Past()).failures]
    others = [name for name in ordered if not known.get(name, Past()).failures]
    woven = [name for pair in zip(broken, others) for name in pair]
    shorter = min(len(broken), len(others))
    return [*woven, *broken[shorter:], *others[shorter:]]
