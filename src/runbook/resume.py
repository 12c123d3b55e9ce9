# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``resume RUN``: runs a playbook again as it was run. Playbooks look before they act, so what was done is found done and left alone."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

from . import places, play, runs
from .arguments import value_of, variables
from .output import say
from .runs import PastRun

WITHOUT = "--without-them"


def run(arguments: list[str]) -> int:
    """``RUN [arguments that were not recorded]``; returns the exit code of the new run."""
    if not arguments:
        raise places.Refused("resume: name a run, or last. See ./runbook history")
    past, given = runs.find(arguments[0]), [argument for argument in arguments[1:] if argument != WITHOUT]
    _check(past)
    if WITHOUT not in arguments:
        _check_arguments(past, given)
    os.chdir(past.start["folder"])
    say(f"runbook: {past.name} {past.outcome}; it goes on as {past.playbook} {shlex.join(past.start['arguments'])}".rstrip())
    outcome = play.start(past.playbook, [*past.start["arguments"], *given], resumes=past.name)
    lines = skipped(past, runs.find(outcome.name))
    if lines:
        say("\n  ".join(["\nNot done again:", *lines]))
    return outcome.exit_code


def command(past: PastRun) -> str:
    """What a person types to resume a run, with a place for what was not recorded."""
    places_of = [f"{name}=..." if name.startswith("-e ") else name for name in past.start.get("omitted", [])]
    return " ".join(["./runbook resume", past.name, *places_of])


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
    if not past.start or not isinstance(past.start.get("omitted"), list):
        raise places.Refused(f"the journal of {past.name} does not say how it was started; run the playbook anew")
    if not Path(past.start["folder"]).is_dir():
        raise places.Refused(f"{past.name} was started in {past.start['folder']}, which is gone; run the playbook anew")


def _check_arguments(past: PastRun, given: list[str]) -> None:
    """Ask for what was not recorded."""
    missing = [name for name in past.start["omitted"] if not _is_given(name, given)]
    if missing:
        raise places.Refused(
            f"{past.name} had arguments that are not recorded: {', '.join(missing)}. "
            f"Give them again, or {WITHOUT} where they are not needed: {command(past)}"
        )


def _is_given(name: str, given: list[str]) -> bool:
    """Whether what was not recorded is among the arguments; of a variable, by its name or in a file."""
    if not name.startswith("-e "):
        return any(argument.partition("=")[0] == name or not name.startswith("-") for argument in given)
    files = [value for value in value_of(given, "-e", "--extra-vars") if value.startswith("@")]
    return bool(files) or name.removeprefix("-e ") in variables(given)
