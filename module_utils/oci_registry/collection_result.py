# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The result of a collection for modules, command line and people."""

from __future__ import annotations

from typing import Any, Dict, List

from .apply import record
from .apply.record import Record
from .plans.collection import NOTHING
from .plans.steps import DONE, PLANNED

#: stands for the snapshot that a run makes, whose name nobody knows before
NEW = "(new)"


def result(told: Record) -> Dict[str, Any]:
    """What the module returns, besides ``diff``: plain JSON types."""
    verdict = told.verdict
    return {
        "changed": told.changed,
        "verdict": verdict.word if verdict is not None else "",
        "refusals": [refusal.as_dict() for refusal in verdict.refusals] if verdict is not None else [],
        "plan": [dict(step) for step in told.steps],
        "planned": _planned(told),
        "swept": told.swept,
        "snapshot": told.snapshot,
        "restored": told.restored,
        "recovered": told.recovered,
        "proof": told.proof,
        "expired": told.expired,
        "freed_bytes": sum(each["freed_bytes"] for each in told.expired),
        "notes": [*told.notes, *([*verdict.holdings.notes, *verdict.dry_run.said] if verdict is not None else ())],
    }


def difference(told: Record) -> Dict[str, Any]:
    """Garbage and snapshots, before and after: the same in check mode and in a real run."""
    before = list(told.snapshots_before)
    after = [name for name in before if name not in _gone(told)]
    if _has(told, record.SNAPSHOT) and not _new_one_is_gone(told):
        after.append(NEW)
    planned = _planned(told)
    swept = planned and (_has(told, record.COLLECT) and not told.restored)
    left = dict.fromkeys(planned, 0) if swept else planned
    return {"before": {"garbage": planned, "snapshots": before}, "after": {"garbage": left, "snapshots": after}}


def message(told: Record, *, check_mode: bool) -> str:
    """One sentence for people."""
    recoveries = [step["detail"] for step in told.steps if step["phase"] == record.RECOVER and step["state"] == PLANNED]
    parts = [*(f"would finish it first: {detail}" for detail in recoveries), _first(told, check_mode)]
    if told.recovered:
        parts.insert(
            0, f"finished run {told.recovered['run'] or 'unknown'}, which was interrupted while {told.recovered['phase']}"
        )
    if told.restored and not check_mode:
        parts.append(f"put back {told.restored['blobs']} blobs and {told.restored['links']} links")
    if told.expired:
        freed = sum(each["freed_bytes"] for each in told.expired)
        parts.append(f"{len(told.expired)} snapshots removed, {freed} bytes freed")
    return "; ".join(filter(None, parts)) or "nothing to do"


def _first(told: Record, check_mode: bool) -> str:
    if told.swept:
        held = f", held by snapshot {told.snapshot['id']} until it expires" if told.snapshot else ""
        return f"collected {told.swept['blobs']} blobs, {told.swept['bytes']} bytes{held}"
    if told.verdict is None:
        return f"snapshot {told.snapshot['id']}" if told.snapshot and not told.recovered else ""
    if told.verdict.word == NOTHING:
        return "nothing is eligible for deletion"
    planned = _planned(told)
    would = "would collect" if check_mode else "eligible are"
    refusals = f"; {len(told.verdict.refusals)} refusals" if told.verdict.refusals else ""
    return f"verdict {told.verdict.word}: {would} {planned['blobs']} blobs, {planned['bytes']} bytes{refusals}"


def _planned(told: Record) -> Dict[str, Any]:
    return told.verdict.swept() if told.verdict is not None else {}


def _has(told: Record, phase: str) -> bool:
    return any(step["phase"] == phase and step["state"] in (DONE, PLANNED) for step in told.steps)


def _gone(told: Record) -> List[str]:
    planned = [step["detail"] for step in told.steps if step["phase"] == record.EXPIRE and step["state"] == PLANNED]
    return planned + [each["id"] for each in told.expired]


def _new_one_is_gone(told: Record) -> bool:
    gone = _gone(told)
    return NEW in gone or told.snapshot.get("id") in gone
