# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Holds a plan against what was approved earlier: what is not covered is not done, and said. Pure."""

from __future__ import annotations

from typing import AbstractSet, Any, Mapping, Sequence, Set, Tuple

from . import steps
from .blocked import Blocked
from .choices import Choices
from .facts import Evidence
from .ladder import Below, Image
from .steps import Plan, Step

_COVERS = (steps.PLANNED, steps.DONE, steps.REMAINING)
_MADE_AGAIN = (steps.RELOAD, steps.REBUILD)
_TAGGED = (steps.LINK_TAG, steps.REPOINT, steps.DELETE, *_MADE_AGAIN)
Identity = Tuple[str, str, str, Tuple[str, ...]]


def fit(plan: Plan, images: Sequence[Image], evidence: Evidence, choices: Choices, done: Sequence[Step] = ()) -> None:
    """Take out of ``plan`` what was not approved, with all that needs it, and say so of the images. ``done``: what this run did already."""
    approved = approved_before(choices)
    blocked = Blocked(evidence)
    left: Set[int] = set()
    for step in plan.changes:
        why = refusal(step, choices, approved)
        needs = blocked.by(step)
        if not why and needs:
            why = f"it needs {needs}, which is not in what was approved"
        if why:
            blocked.add(step)
            left.add(id(step))
            take_out(plan, step, why)
    _leave_without_needs(plan, images, Below(evidence), left)
    _note_what_is_gone(plan, approved - {_identity(step.as_dict()) for step in done})


def _leave_without_needs(plan: Plan, images: Sequence[Image], below: Below, left: Set[int]) -> None:
    """No image is approved of which a step was left; none is pushed over a damaged file that stays, since no push replaces it."""
    stays = {step.digest for step in plan.steps if id(step) in left and step.action == steps.QUARANTINE}
    for image in images:
        needs = min(below.digests(image) & stays, default="")
        if image.approved and needs and image.steps[0].action in _MADE_AGAIN:
            take_out(plan, image.steps[0], f"it needs {needs} moved aside, which is not in what was approved")
            image.approved = False
        image.approved = image.approved and not any(id(step) in left for step in image.steps)


def approved_before(choices: Choices) -> Set[Identity]:
    """What the steps of the plan that was approved change; none where there was no such plan."""
    return {_identity(step) for step in choices.approved_plan or () if step["state"] in _COVERS}


def _identity(step: Mapping[str, Any]) -> Identity:
    """What a step changes; where its bytes come from and by which way does not matter, since a digest says all."""
    tags = tuple(sorted(step["tags"])) if step["action"] in _TAGGED else ()
    return str(step["action"]), str(step["repository"]), str(step["digest"]), tags


def refusal(step: Step, choices: Choices, approved: AbstractSet[Identity]) -> str:
    """Why it is not in what was approved earlier; empty where it is, or nothing was."""
    if choices.approved_plan is not None and _identity(step.as_dict()) not in approved:
        return "it was not in the plan that was approved"
    if choices.approved_digests and step.digest not in choices.approved_digests:
        return "its digest was not approved"
    return ""


def take_out(plan: Plan, step: Step, why: str) -> None:
    """It is not to be done, and neither is anything fixed by it."""
    if step.action == steps.RESTORE:
        plan.fixed = {key for key in plan.fixed if key[1] != step.digest}
    if step.action not in _MADE_AGAIN:
        plan.fixed.discard(step.key)
    if step.action == steps.LINK_TAG:
        plan.fixed_tags.difference_update((step.repository, tag) for tag in step.tags)
    what = f"recomputed: {_words(step.as_dict())} is not done, since {why}"
    step.state, step.detail = steps.REMAINING, what
    plan.recomputed.append(what)


def _note_what_is_gone(plan: Plan, approved: Set[Identity]) -> None:
    now = {_identity(step.as_dict()) for step in plan.steps if step.state != steps.SKIPPED}
    for action, repository, digest, tags in sorted(approved - now):
        if action in (steps.RESTART, steps.UNDO):
            continue
        words = _words({"action": action, "repository": repository, "digest": digest, "tags": tags})
        plan.recomputed.append(f"recomputed: {words} is not to be done any more")


def _words(step: Mapping[str, Any]) -> str:
    tags = f":{', '.join(step['tags'])}" if step["tags"] and step["action"] in _TAGGED else ""
    return f"{step['action']} {step['repository']}{tags} {step['digest']}"
