# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``resume RUN``: runs a playbook again as it was run. Playbooks look before they act, so what was done is found done and left alone.

Whoever approved something approved it for what was known then: after some hours it must be approved anew.
"""

from __future__ import annotations

import json
import os
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from . import places, play, runs
from .arguments import mapping, pairs, value_of, variables
from .output import say
from .runs import PastRun
from .verdict import HEALTHY

WITHOUT = "--without-them"
_FRESH = timedelta(hours=4)  # how long an approval holds


def run(arguments: list[str]) -> int:
    """``RUN [arguments that were not recorded]``; returns the exit code of the new run."""
    if not arguments:
        raise places.Refused("resume: name a run, or last. See ./runbook history")
    past, given = runs.find(arguments[0]), [argument for argument in arguments[1:] if argument != WITHOUT]
    _check(past)
    if WITHOUT not in arguments:
        _check_arguments(past, given)
    os.chdir(past.start["folder"])
    recorded = _recorded(past)[0]
    say(f"runbook: {past.name} {past.outcome}; it goes on as {past.playbook} {shlex.join(recorded)}".rstrip())
    outcome = play.start(past.playbook, [*recorded, *given], resumes=past.name)
    lines = skipped(past, runs.find(outcome.name))
    if lines:
        say("\n  ".join(["\nNot done again:", *lines]))
    return outcome.exit_code


def command(past: PastRun) -> str:
    """What a person types to resume a run, or to begin one that ended well anew, with a place for what is to be given again."""
    places_of = [f"{name}=..." if name.startswith("-e ") else name for name in past.start.get("omitted", [])]
    if _ended_well(past):
        return " ".join(["./runbook run", past.playbook, shlex.join(past.start.get("arguments", [])), *places_of])
    approvals = [f"-e '{{\"{name}\": [...]}}'" for name in _recorded(past)[1]]
    return " ".join(["./runbook resume", past.name, *places_of, *approvals])


def skipped(before: PastRun, now: PastRun) -> list[str]:
    """What the new run left alone, and why: what the earlier one changed, and steps of plans that were not needed."""
    ended = {_of(event): event for event in now.of("task-ended")}
    lines = []
    for event in before.of("task-ended"):
        again = ended.pop(_of(event), None) if event.get("result") == "changed" else None
        if again is not None and again.get("result") in ("ok", "skipped"):
            why = "found as it should be" if again["result"] == "ok" else "skipped this time"
            lines.append(f"{event['task']}  [{event['host']}]: done by {before.name}, {why}")
    for event in now.of("task-ended"):
        steps = event.get("plan", {}).get("first", [])
        lines += [f"{in_words(step)}  [{event['host']}]" for step in steps if step.get("state") == "skipped"]
    return list(dict.fromkeys(lines))


def in_words(step: dict[str, Any]) -> str:
    """One step of a plan, as a line."""
    tags = ", ".join(map(str, step.get("tags") or []))
    image = f"{step.get('repository', '')}{f':{tags}' if tags else ''}"
    what = " ".join(filter(None, (str(step.get(key) or "") for key in ("action", "role", "digest"))))
    why = str(step.get("detail") or step.get("reason") or "")
    return ": ".join(filter(None, (" ".join(filter(None, (what or str(step.get("what", "step")), image))), why)))


def _of(event: dict[str, Any]) -> tuple[object, ...]:
    return tuple(event.get(key) for key in ("phase", "task", "host"))


def _check(past: PastRun) -> None:
    """Refuse what cannot go on."""
    if past.lives:
        raise places.Refused(f"{past.name} is still running")
    if _ended_well(past):
        raise places.Refused(f"{past.name} ended well, and there is nothing to go on with. To do the same anew: {command(past)}")
    if not past.start or not isinstance(past.start.get("omitted"), list):
        raise places.Refused(f"the journal of {past.name} does not say how it was started; run the playbook anew")
    if not Path(past.start["folder"]).is_dir():
        raise places.Refused(f"{past.name} was started in {past.start['folder']}, which is gone; run the playbook anew")


def _ended_well(past: PastRun) -> bool:
    return past.end.get("exit_code") == HEALTHY


def _recorded(past: PastRun) -> tuple[list[str], list[str]]:
    """The arguments to give again; of a run of some hours ago without its approvals, and their names."""
    arguments = past.start.get("arguments", [])
    approved = _approved(past)
    if approved is None or datetime.now(UTC) - approved < _FRESH:
        return arguments, []
    kept, approvals = [], []
    for option, value in pairs(arguments):
        given = mapping(value) if option == "-e" and value is not None and not value.startswith("@") else {}
        stale = [name for name in given if name == "approve" or name.endswith("_approve")]
        approvals += stale
        if not stale:
            kept += [option] if value is None else [option, value]
        elif len(stale) < len(given):
            kept += [option, json.dumps({name: each for name, each in given.items() if name not in stale})]
    return kept, approvals


def _approved(past: PastRun) -> datetime | None:
    """When the approvals of a run were given: as the first began that it goes on with, but for one too old to have handed them on."""
    before = past.start.get("resumes")
    first = _approved(PastRun(past.path.with_name(f"{before}.jsonl"))) if before else None
    return first if first and past.began and past.began - first < _FRESH else past.began


def _check_arguments(past: PastRun, given: list[str]) -> None:
    """Ask for what was not recorded, and for approvals that are old."""
    unknown = [name for name in past.start["omitted"] if not _is_given(name, given)]
    stale = [name for name in _recorded(past)[1] if not _is_given(f"-e {name}", given)]
    why = [f"had arguments that are not recorded: {', '.join(unknown)}"] if unknown else []
    why += [f"was approved more than {_FRESH.seconds // 3600} hours ago, so approve anew: {', '.join(stale)}"] if stale else []
    if why:
        raise places.Refused(
            f"{past.name} {' and '.join(why)}. Give them again, or {WITHOUT} where they are not needed: {command(past)}"
        )


def _is_given(name: str, given: list[str]) -> bool:
    """Whether what was not recorded is among the arguments; of a variable, by its name or in a file."""
    if not name.startswith("-e "):
        return any(argument.partition("=")[0] == name or not name.startswith("-") for argument in given)
    files = [value for value in value_of(given, "-e", "--extra-vars") if value.startswith("@")]
    return bool(files) or name.removeprefix("-e ") in variables(given)
