# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What went wrong in a recovery, or is left, in a sentence; and what to do then. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Sequence

from .outcome import Outcome, Run

_NOTHING_KNOWN = (
    "Digests cannot repair them. Name another source (registry_sources), an image to point at (recover_repoint), how to build it (image_builds),"
    " or that it may go (recover_delete)."
)
_UNRESTARTED = "Restart the registry and run verify: its cache may be all that is wrong."


class Hints(NamedTuple):
    """``approved`` is what was approved. ``undo`` is the command that puts back what was replaced, empty where nothing can be."""

    approved: Sequence[str]
    restarts: bool
    undo: str


def problem_of(run: Run, outcome: Outcome, hints: Hints) -> str:
    """Empty where all is well or planned. What went wrong comes before what is left to a person."""
    said = _failure(run, outcome, hints) or _left(run, outcome, hints) or _difference(run)
    return f"{run.diagnosis['name']}: {said}" if said else ""


def to_approve(images: Sequence[Dict[str, Any]], approved: Sequence[str]) -> List[str]:
    """The approvals that would let something be done for images that remain."""
    possible = [way for image in images if image["outcome"] == "remaining" for way in image["candidates"] if way["possible"]]
    wanted = dict.fromkeys(way["approval"] for way in possible)
    return [each for each in wanted if each and each not in approved]


def _failure(run: Run, outcome: Outcome, hints: Hints) -> str:
    if run.has_failed:
        return str(run.repair["msg"])
    if outcome.unproven:
        first = outcome.unproven[0]
        words = [
            f"the proof failed, {len(outcome.unproven)} things are still broken, first {first['code']} in {first['repository']}."
        ]
        if run.repair.get("restart_required") and not hints.restarts:
            words.append(_UNRESTARTED)
        if hints.undo:
            words.append(f"To put back what this run replaced: {hints.undo}")
        return " ".join(words)
    failed = [
        f"{image['repository']}:{image['tag']} failed: {image['why']}."
        for image in outcome.images
        if image["outcome"] == "failed"
    ]
    return " ".join(run.failures or failed)


def _left(run: Run, outcome: Outcome, hints: Hints) -> str:
    if not outcome.remaining or run.serves_another:
        return ""
    wanted = to_approve(outcome.images, hints.approved)
    if run.repair.get("recomputed"):
        advice = "What is not in the approved plan was not done: make another with --check, and approve that."
    elif wanted:
        advice = f"What the plan has for them is done under approval: -e '{{\"approve\": [{', '.join(wanted)}]}}'."
    else:
        advice = _NOTHING_KNOWN
    return f"{len(outcome.remaining)} things remain. {advice}"


def _difference(run: Run) -> str:
    differences = run.proof.get("differences") or []
    if not differences:
        return ""
    return f"the proof failed: disk and registry differ ({differences[0]['meaning']}), though no repair is left to do. See the report."
