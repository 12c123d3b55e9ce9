# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Holds a plan against what was approved earlier: what is not covered is not done, and said. Pure."""

from __future__ import annotations

from typing import Any, Mapping, Set, Tuple

from ..errors import BadInput
from . import steps
from .blocked import Blocked
from .choices import Choices
from .facts import Evidence
from .steps import Plan, Step

_COVERS = (steps.PLANNED, steps.DONE, steps.REMAINING)
_TAGGED = (steps.LINK_TAG, steps.REPOINT, steps.DELETE)
_Identity = Tuple[str, str, str, Tuple[str, ...]]


def fit(plan: Plan, evidence: Evidence, choices: Choices) -> None:
    """Take out of ``plan`` what was not approved, with all that needs it. Raises :class:`BadInput` for a digest that the plan does not have."""
    _demand_known(plan, choices)
    approved = _approved(choices)
    blocked = Blocked(evidence)
    for step in plan.changes:
        why = _refusal(step, choices, approved)
        needs = blocked.by(step)
        if not why and needs:
            why = f"it needs {needs}, which is not in what was approved"
        if why:
            blocked.add(step)
            _take_out(plan, step, why)
    _note_what_is_gone(plan, approved)


def _demand_known(plan: Plan, choices: Choices) -> None:
    known = {step.digest for step in plan.steps}
    unknown = sorted(choices.approved_digests - known)
    if unknown:
        advice = "Run in check mode, look at the plan, and approve what is in it"
        raise BadInput(
            f"{unknown[0]} was approved, and is not in the plan; nothing was done", where="approved_digests", advice=advice
        )


def _approved(choices: Choices) -> Set[_Identity]:
    return {_identity(step) for step in choices.approved_plan or () if step["state"] in _COVERS}


def _identity(step: Mapping[str, Any]) -> _Identity:
    """What a step changes; where its bytes come from and by which way does not matter, since a digest says all."""
    tags = tuple(sorted(step["tags"])) if step["action"] in _TAGGED else ()
    return str(step["action"]), str(step["repository"]), str(step["digest"]), tags


def _refusal(step: Step, choices: Choices, approved: Set[_Identity]) -> str:
    if choices.approved_plan is not None and _identity(step.as_dict()) not in approved:
        return "it was not in the plan that was approved"
    if choices.approved_digests and step.digest not in choices.approved_digests:
        return "its digest was not approved"
    return ""


def _take_out(plan: Plan, step: Step, why: str) -> None:
    if step.action == steps.RESTORE:
        plan.fixed = {key for key in plan.fixed if key[1] != step.digest}
    plan.fixed.discard(step.key)
    if step.action == steps.LINK_TAG:
        plan.fixed_tags.difference_update((step.repository, tag) for tag in step.tags)
    what = f"recomputed: {_words(step.as_dict())} is not done, since {why}"
    step.state, step.detail = steps.REMAINING, what
    plan.recomputed.append(what)


def _note_what_is_gone(plan: Plan, approved: Set[_Identity]) -> None:
    now = {_identity(step.as_dict()) for step in plan.steps if step.state != steps.SKIPPED}
    for action, repository, digest, tags in sorted(approved - now):
        if action in (steps.RESTART, steps.UNDO):
            continue
        words = _words({"action": action, "repository": repository, "digest": digest, "tags": tags})
        plan.recomputed.append(f"recomputed: {words} is not to be done any more")


def _words(step: Mapping[str, Any]) -> str:
    tags = f":{', '.join(step['tags'])}" if step["tags"] and step["action"] in _TAGGED else ""
    return f"{step['action']} {step['repository']}{tags} {step['digest']}"
