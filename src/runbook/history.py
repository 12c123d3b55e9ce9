# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``history`` and ``show RUN``: what ran, how it ended, and what to do next."""

from __future__ import annotations

import shlex
import shutil
from datetime import UTC, datetime, timedelta

from . import places, records, resume, runs
from .runs import Event, PastRun, duration
from .tables import table

_NUMBER = 20
_MOST = 36_500  # days of a hundred years; more overflow a date
_COLUMNS = ("RUN", "PLAYBOOK", "TARGET", "WHEN (UTC)", "TOOK", "FINDINGS", "RESULT")


def run(arguments: list[str]) -> int:
    """``[-n N]``: the newest runs, the last one below; ``--prune DAYS`` removes older ones with their reports.

    A run whose post-mortem a person has written in stays.
    """
    option, value = (arguments[0], arguments[1]) if len(arguments) == 2 else ("-n", str(_NUMBER))
    if len(arguments) not in (0, 2) or option not in ("-n", "--prune") or not _is_number(value):
        raise places.Refused(f"history: takes -n NUMBER, or --prune DAYS, of at most {_MOST}")
    if option == "--prune":
        return _prune(int(value))
    found = runs.past()[: int(value)]
    if not found:
        print(f"No runs in {places.state()}.")
    else:
        print(table([_COLUMNS, *map(_row, reversed(found))]))
    return 0


def show(arguments: list[str]) -> int:
    """``RUN``: its phases, what changed, what failed, its report, and the command that runs it again."""
    if len(arguments) != 1:
        raise places.Refused("show: name one run, or last. See ./runbook history")
    past = runs.find(arguments[0])
    start = past.start
    words = shlex.join(start.get("arguments", []))
    omitted = start.get("omitted", [])
    print(f"{past.name}: {past.outcome}")
    unknown = f" (and {', '.join(omitted)}, not recorded)" if omitted else ""
    print(f"  ran       {past.playbook} {words}{unknown}".rstrip())
    print(f"  by        {start.get('who', 'unknown')}, from {start.get('folder', 'unknown')}")
    print(f"  began     {_when(past)} UTC, took {duration(past.seconds)}")
    if start.get("resumes"):
        print(f"  resumed   {start['resumes']}")
    for title, lines in (("Phases", _phases(past)), ("Changed", _changes(past)), ("Failed", _failures(past))):
        if lines:
            print(f"\n{title}:", *lines, sep="\n  ")
    print(f"\nReport:  {past.report if past.report.is_dir() else 'none'}\nJournal: {past.path}\nAgain:   {resume.command(past)}")
    return 0


def _is_number(value: str) -> bool:
    """Of at most ``_MOST``; Python refuses to read one of thousands of digits."""
    return value.isdecimal() and len(value) < 10 and int(value) <= _MOST


def _row(past: PastRun) -> tuple[str, ...]:
    target = str(past.start.get("target") or "-")
    findings = str(past.end["findings"]) if past.end.get("findings") is not None else "-"
    return (past.name, past.playbook, target, _when(past), duration(past.seconds), findings, past.outcome)


def _when(past: PastRun) -> str:
    return f"{past.began:%Y-%m-%d %H:%M}" if past.began else "unknown"


def _phases(past: PastRun) -> list[str]:
    phases = past.of("phase-ended")
    rows = [(event["result"], event["phase"], f"[{event['host']}]", duration(event["seconds"])) for event in phases]
    lines = table(rows).splitlines() if rows else []
    return [*lines, *([past.cut_off] if past.cut_off else [])]


def _changes(past: PastRun) -> list[str]:
    return [line for event in past.of("task-ended") if event.get("result") == "changed" for line in _change(event)]


def _change(event: Event) -> list[str]:
    plan = event.get("plan", {})
    steps = [step for step in plan.get("first", []) if step.get("state") in ("done", "planned")]
    hidden = plan.get("count", 0) - len(plan.get("first", []))
    lines = [f"{event.get('task')}  [{event.get('host')}]"]
    lines += [f"  {resume.in_words(step)}" for step in steps]
    return [*lines, f"  ... and {hidden} steps more, in the journal's count"] if hidden else lines


def _failures(past: PastRun) -> list[str]:
    lines = [f"preflight: {event['message']}" for event in past.of("preflight") if event.get("stops")]
    for event in past.of("task-ended"):
        if event.get("result") in ("failed", "unreachable"):
            message = str(event.get("message", "")).splitlines() or [""]
            lines += [f"{event.get('task')}  [{event.get('host')}]: {message[0]}", *(f"    {line}" for line in message[1:])]
    return lines


def _prune(days: int) -> int:
    before = datetime.now(UTC) - timedelta(days=days)
    old = [past for past in runs.past() if past.began and past.began < before and not past.lives]
    written = [past for past in old if records.is_written_in(past.report)]
    for past in old:
        if past not in written:
            shutil.rmtree(past.report, ignore_errors=True)
            past.path.unlink(missing_ok=True)
    print(f"Removed {len(old) - len(written)} runs that began before {before:%Y-%m-%d %H:%M} UTC.")
    if written:
        print(f"Kept {len(written)} of that age, since somebody has written in their post-mortem.md:")
        print(*(f"  {past.report / 'post-mortem.md'}" for past in written), sep="\n")
    return 0
