# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From what was chosen for each image to steps of the plan, those for images in use first; and back, from steps to what became of it. Pure."""

from __future__ import annotations

from typing import AbstractSet, Dict, List, Optional, Sequence, Set

from ..reach import closure
from . import steps
from .choices import Choices
from .facts import Evidence, Key
from .fit import approved_before, refusal, take_out
from .ladder import BY_DIGEST, NOTHING_HELPS, Below, Candidate, Image
from .repair import REPLACED_ON_DISK
from .steps import Plan, Step

_TAGGED = {steps.REPOINT: steps.FREE, steps.DELETE: steps.FREE, steps.RELOAD: steps.COPY, steps.REBUILD: steps.BUILD}
_OURS = (steps.REPOINT, steps.DELETE)


def decide(plan: Plan, images: Sequence[Image], evidence: Evidence, choices: Choices) -> None:
    """Add a step for each image that digests do not repair, approve what comes with it, and bring all steps into their order."""
    below, before = Below(evidence), approved_before(choices)
    for image in images:
        image.approved = _is_approved(image.choice, choices)
        if image.choice is not None and image.choice.action in _TAGGED:
            image.steps = [_step(image, image.choice, choices)]
            plan.steps.extend(image.steps)
            if image.approved and image.choice.action not in _OURS:
                why = refusal(image.steps[0], choices, before)
                _make_again(plan, image, below, why)
    _replace_general(plan, images)
    if any(step.action == steps.QUARANTINE for step in plan.changes):
        plan.restart("after", REPLACED_ON_DISK)
    in_use = {image.key for image in images if image.in_use and image.tag}
    in_use |= {(image.repository, digest) for image in images if image.in_use for digest in below.digests(image)}
    plan.steps.sort(key=lambda step: _phase(step, in_use))


def leave_waste(plan: Plan, evidence: Evidence) -> None:
    """What no tag reaches and digests do not mend is no loss: an image that was repointed or deleted leaves it behind for retention."""
    roots = {key for key, tags in evidence.roots.items() if key in evidence.waste and not tags}
    kept = {key for root in evidence.roots.keys() - roots for key in _below(evidence, root)}
    waste = {key for root in roots for key in _below(evidence, root)} - kept
    plan.remaining = [each for each in plan.remaining if each["tags"] or (each["repository"], each["digest"]) not in waste]
    for step in plan.steps:
        if step.action == steps.REPOINT and step.key in waste:
            step.state, step.reason = steps.SKIPPED, f"no tag reaches it, so retention removes it; {step.reason}"


def _below(evidence: Evidence, root: Key) -> Set[Key]:
    repository, digest = root
    return {(repository, each) for each in closure([digest], evidence.manifests_of(repository))}


def _step(image: Image, chosen: Candidate, choices: Choices) -> Step:
    digest = chosen.digest if chosen.action == steps.REPOINT else image.digest
    made = Step(chosen.action, image.repository, digest, "tag", chosen.reason, (image.tag,), cost=_TAGGED[chosen.action])
    made.needs_approval, made.state, made.source = True, steps.REMAINING, chosen.way if chosen.action not in _OURS else ""
    approved = chosen.approval in choices.approve
    if not chosen.possible:
        made.detail = f"not possible: {chosen.reason}"
    elif not approved:
        made.detail = f"needs approve: [{chosen.approval}]"
    elif chosen.action in _OURS:
        made.state, made.way = steps.PLANNED, chosen.way
    else:
        made.detail = f"approved, and for others to carry out ({chosen.way})"
    return made


def _is_approved(chosen: Optional[Candidate], choices: Choices) -> bool:
    return chosen is not None and chosen.possible and (not chosen.approval or chosen.approval in choices.approve)


def _make_again(plan: Plan, image: Image, below: Below, why: str) -> None:
    """Others do it, and before them this tool what they need. ``why``: it is not in what was approved earlier, and so not to be done."""
    if why:
        image.approved = False
        take_out(plan, image.steps[0], why)
    else:
        _move_aside(plan, image, below)


def _move_aside(plan: Plan, image: Image, below: Below) -> None:
    """No push replaces a damaged file: it goes first, approved together with what is to be pushed."""
    needed = below.digests(image)
    for step in plan.steps:
        if step.action == steps.QUARANTINE and step.state == steps.REMAINING and step.digest in needed:
            step.state = steps.PLANNED
            step.detail = f"approved with what is to be pushed as {image.repository}:{image.tag}"


def _replace_general(plan: Plan, images: Sequence[Image]) -> None:
    """What is lost gets no step of its own where its tags have one."""
    decided = {image.key for image in images if image.choice is not None and image.choice.action in _TAGGED}
    own = {id(step) for image in images for step in image.steps}

    def is_told(step: Step) -> bool:
        general = step.action == steps.REPOINT and id(step) not in own
        return general and bool(step.tags) and all((step.repository, tag) in decided for tag in step.tags)

    plan.steps = [step for step in plan.steps if not is_told(step)]


def _phase(step: Step, in_use: AbstractSet[Key]) -> int:
    """Restarts stand first and last; a stable sort by this keeps what a step needs before it."""
    if step.action == steps.RESTART:
        return 0 if step.detail.startswith("before") else 3
    return 1 if any((step.repository, name) in in_use for name in (step.digest, *step.tags)) else 2


def conclude(images: Sequence[Image], *, check_mode: bool) -> None:
    """Say of each image what became of it, from the state of the steps that were to mend it."""
    for image in images:
        if image.choice is None:
            image.why = image.why or _nothing(image)
            continue
        by_state: Dict[str, List[Step]] = {}
        for step in image.steps:
            by_state.setdefault(step.state, []).append(step)
        image.outcome, image.why = _outcome(by_state, check_mode)


def _outcome(by_state: Dict[str, List[Step]], check_mode: bool) -> tuple[str, str]:
    if steps.FAILED in by_state:
        return steps.FAILED, _why(by_state[steps.FAILED][0])
    if steps.REMAINING in by_state:
        return steps.REMAINING, _why(by_state[steps.REMAINING][0])
    if steps.PLANNED in by_state:
        return (steps.PLANNED, "") if check_mode else (steps.REMAINING, "the run ended before it was its turn")
    if steps.SKIPPED in by_state:
        return steps.SKIPPED, _why(by_state[steps.SKIPPED][0])
    return steps.DONE, ""


def _why(step: Step) -> str:
    return step.detail or step.reason


def _nothing(image: Image) -> str:
    first = next((each.reason for each in image.candidates if each.action in BY_DIGEST), "")
    return f"{NOTHING_HELPS}; {first}" if first else NOTHING_HELPS
