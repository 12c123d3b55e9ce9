# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a run came to, in one word and one sentence; what remains, and the command that goes on with it. Pure."""

from __future__ import annotations

import json
import shlex
from typing import List, NamedTuple

from .images import DONE, FAILED, PLANNED, REMAINING, Image
from .run import Registry, Run
from .safe import visible
from .values import counted, texts

HEALTHY, PROVEN, PLAN, REMAINS, BROKEN, UNSEEN, EMPTY = "healthy", "repaired", "planned", "remains", "broken", "not seen", "empty"
#: verdict: the sign beside the word, so that no colour is needed to tell them apart
SIGNS = {HEALTHY: "✓", PROVEN: "✓", PLAN: "…", REMAINS: "!", BROKEN: "✗", UNSEEN: "?", EMPTY: "–"}  # noqa: RUF001 (a dash as a sign)


class Verdict(NamedTuple):
    """``word`` is one of the above."""

    word: str
    sentence: str

    @property
    def sign(self) -> str:
        """One character."""
        return SIGNS[self.word]


def verdict(run: Run) -> Verdict:
    """The worst of what is true comes first."""
    if run.problems:
        more = f" (and {len(run.problems) - 1} more)" if len(run.problems) > 1 else ""
        return Verdict(UNSEEN, f"Could not look at everything: {visible(run.problems[0])}{more}. {_state(run).sentence}")
    return _state(run)


def _state(run: Run) -> Verdict:
    images = run.images
    broken = sum(len(registry.still_broken) for registry in run.registries)
    wrong = broken or any(registry.problem or registry.differences for registry in run.registries) or run.problem
    if not run.registries:
        return Verdict(EMPTY, "Nothing was looked at.")
    if any(registry.planned for registry in run.registries) and not any(registry.looked_again for registry in run.registries):
        return Verdict(PLAN, f"{_broken(images, run)}. A repair is planned; nothing was changed.")
    if not wrong and not remaining_images(run) and not any(registry.remaining for registry in run.registries):
        return _well(run)
    if any(registry.looked_again for registry in run.registries):
        return _remains(run, broken)
    return Verdict(BROKEN, f"{_broken(images, run)}.{_difference(run)}")


def _well(run: Run) -> Verdict:
    repaired = [image for image in run.images if image.outcome == DONE]
    if repaired:
        what = "was broken; it is" if len(repaired) == 1 else "were broken; all are"
        return Verdict(PROVEN, f"{counted(len(repaired), 'image')} {what} repaired and proven by their bytes.")
    if run.found or any(registry.changed for registry in run.registries):
        return Verdict(PROVEN, "What was broken is repaired, and proven by its bytes.")
    return Verdict(HEALTHY, "Nothing is broken.")


def _remains(run: Run, broken: int) -> Verdict:
    done, left = sum(image.outcome == DONE for image in run.images), remaining_images(run)
    repaired = f"{counted(done, 'image')} repaired and proven" if done else "Nothing was repaired"
    if left:
        return Verdict(
            REMAINS,
            f"{repaired}; {counted(len(left), 'image')} {'remains' if len(left) == 1 else 'remain'} broken, {_used(left)}.",
        )
    if broken:
        return Verdict(REMAINS, f"{repaired}; {counted(broken, 'thing')} {'is' if broken == 1 else 'are'} still broken.")
    said = next((each.problem for each in run.registries if each.problem), "") or run.problem
    return Verdict(REMAINS, f"{repaired}. {visible(said) or _difference(run).strip()}")


def _broken(images: List[Image], run: Run) -> str:
    if not images:
        return (
            f"{counted(len(run.found), 'thing')} {'is' if len(run.found) == 1 else 'are'} broken"
            if run.found
            else "Something is wrong"
        )
    return f"{counted(len(images), 'image')} {'is' if len(images) == 1 else 'are'} broken, {_used(images)}"


def _used(images: List[Image]) -> str:
    used = sum(image.in_use for image in images)
    if len(images) == 1:
        return "and in use" if used else "not known to be in use"
    return f"{used or 'none'} of them {'in use' if used else 'known to be in use'}"


def _difference(run: Run) -> str:
    count = sum(len(registry.differences) for registry in run.registries)
    if count:
        return f" Disk and registry differ in {counted(count, 'thing')}."
    said = next((each.problem for each in run.registries if each.problem), "") or run.problem
    return f" {visible(said)}" if said else ""


def remaining_images(run: Run) -> List[Image]:
    """Those that a run did not bring back, in use first."""
    return [image for image in run.images if image.outcome in (REMAINING, FAILED)]


def commands(registry: Registry) -> List[str]:
    """What to run next, as the shell takes it; none where nothing is left."""
    open_ = [image for image in registry.images if image.outcome in (REMAINING, FAILED, PLANNED, "")]
    if not (open_ or registry.remaining or registry.still_broken):
        return []
    target = shlex.quote(visible(registry.target)) if registry.target else "HOST"
    run = " ".join(filter(None, ["./runbook recover", visible(registry.inventory), f"-e target={target}"]))
    approvals = approvals_of(open_)
    found = [] if registry.looked_again and approvals else [run]
    if approvals:
        found.append(f"{run} -e {shlex.quote(json.dumps({'recover_approve': approvals}))}")
    return found


def approvals_of(images: List[Image]) -> List[str]:
    """The approvals that would let those images be repaired: of each, that of its chosen or of its first possible candidate."""
    wanted: List[str] = []
    for image in images:
        possible = [each for each in image.candidates if each.get("possible") and texts(each.get("approval"))]
        chosen = [each for each in possible if each.get("action") == image.chosen]
        wanted += [texts(each["approval"])[0] for each in (chosen or possible)[:1]]
    return [each for each in ("quarantine", "remove-link", "repoint", "rebuild", "delete") if each in wanted]
