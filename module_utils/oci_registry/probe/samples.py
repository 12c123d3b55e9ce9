# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From what a run learned to metrics, none of which says more than is known. Pure."""

from __future__ import annotations

from typing import Dict, Iterator, List, Mapping, Optional, Tuple

from ..exposition import Sample
from ..findings import CODES, CRITICAL, SEVERITIES
from ..version import VERSION
from .known import Kind, Past
from .metrics import PREFIX
from .registry import Looked

Named = Tuple[str, Past]


def samples(looked: Looked, max_series: Optional[int]) -> Iterator[Sample]:
    """All metrics of one registry; ``max_series``: how many repositories have series of their own, None for all of them."""
    instance = {"instance": looked.instance}
    chosen, omitted = _chosen(looked.repositories, max_series)
    singles = {**_run(looked), **_inventory(looked), "repositories_omitted": float(omitted)}
    for name, value in singles.items():
        yield Sample(f"{PREFIX}_{name}", instance, value)
    yield Sample(f"{PREFIX}_build_info", {**instance, "version": VERSION}, 1)
    yield from _findings(looked, instance)
    yield from _repositories(chosen, instance, max_series)


def _run(looked: Looked) -> Dict[str, float]:
    values = {
        "catalog_accessible": float(not looked.error),
        "repos_checked": float(looked.counts["repositories"]),
        "tags_checked": float(looked.counts["tags"]),
        "indexes_checked": float(looked.counts["indexes"]),
        "last_run_timestamp": float(int(looked.ended)),
        "last_success_timestamp": float(int(looked.ended if looked.complete else looked.before.last_success)),
        "repos_unreadable": float(len(looked.unreadable)),
        "run_duration_seconds": looked.seconds,
        "run_requests": float(looked.requests),
        "run_bytes": float(looked.bytes_received),
    }
    if looked.certificate_not_after:
        values["certificate_not_after_timestamp"] = looked.certificate_not_after
    return values


def _inventory(looked: Looked) -> Dict[str, float]:
    """What there is in the registry, as far as that is known."""
    values: Dict[str, float] = {}
    if looked.listed is not None:
        values["repositories"] = float(looked.listed)
    if not looked.error:
        values["tags"] = float(sum(past.tags for past in looked.repositories.values()))
    if looked.repositories:
        values["coverage_oldest_timestamp"] = float(int(min(past.checked for past in looked.repositories.values())))
    elif not looked.error:
        values["coverage_oldest_timestamp"] = float(int(looked.ended))
    failures = sum(past.failures for past in looked.repositories.values())
    if failures or _may_be_healthy(looked):
        values["failures"] = float(failures)
    return values


def _may_be_healthy(looked: Looked) -> bool:
    """Whether a zero may be said: of a registry that could be looked at, and every repository of which was, in this run or before."""
    return not looked.error and all(past.checked for past in looked.repositories.values())


def _findings(looked: Looked, instance: Mapping[str, str]) -> Iterator[Sample]:
    """Every code and severity; where not all of the registry was looked at, only what is known to be broken."""
    totals: Dict[Kind, int] = {}
    for past in looked.repositories.values():
        for kind, number in past.findings.items():
            totals[kind] = totals.get(kind, 0) + number
    zeros = _may_be_healthy(looked)
    for code in CODES:
        for severity in SEVERITIES:
            number = totals.get((code, severity), 0)
            if number or zeros:
                yield Sample(f"{PREFIX}_findings", {**instance, "code": code, "severity": severity}, number)


def _chosen(repositories: Mapping[str, Past], limit: Optional[int]) -> Tuple[List[Named], int]:
    """The repositories with series of their own, and how many others there are.

    The broken ones first, then those looked at last: what is forgotten has waited longest anyway, and is next.
    """
    if limit is None or len(repositories) <= limit:
        return sorted(repositories.items()), 0
    ranked = sorted(repositories.items(), key=lambda item: (-item[1].failures, -item[1].checked, item[0]))
    return sorted(ranked[:limit]), len(ranked) - limit


def _repositories(chosen: List[Named], instance: Mapping[str, str], limit: Optional[int]) -> Iterator[Sample]:
    rows: List[Sample] = []
    for name, past in chosen:
        labels = {**instance, "repository": name}
        if past.checked:
            yield Sample(f"{PREFIX}_repository_tags", labels, past.tags)
            yield Sample(f"{PREFIX}_repository_last_checked_timestamp", labels, int(past.checked))
        if past.attempted > past.checked:
            yield Sample(f"{PREFIX}_repository_last_attempt_timestamp", labels, int(past.attempted))
        for (code, severity), number in sorted(past.findings.items()):
            if number:
                rows.append(Sample(f"{PREFIX}_repository_findings", {**labels, "code": code, "severity": severity}, number))
    rows.sort(key=lambda row: (row.labels["severity"] != CRITICAL, -row.value))
    yield from rows if limit is None else rows[:limit]
