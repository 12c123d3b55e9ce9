# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The runs that there were, read from their journals; what a killed run left half written is passed over."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from . import places
from .verdict import WORDS

_TAIL = 200_000  # bytes at the end of a journal in which its last line is looked for
Event = dict[str, Any]


class PastRun:
    """One run, by its journal."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.stem

    @cached_property
    def problem(self) -> str:
        """Why its journal cannot be read, as that of another user may not be; empty where it can."""
        try:
            with self.path.open("rb"):
                return ""
        except OSError as error:
            return error.strerror or str(error)

    @cached_property
    def start(self) -> Event:
        """The line ``run-started``; empty where not even that was written."""
        first = next(_events(self.path), {})
        return first if first.get("event") == "run-started" else {}

    @cached_property
    def end(self) -> Event:
        """The line ``run-ended``; empty where the run did not come to it."""
        if self.problem:
            return {}
        with self.path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL))
            lines = file.read().splitlines()
        last = [event for line in lines[-2:] if (event := _event(line)).get("event") == "run-ended"]
        return last[-1] if last else {}

    @cached_property
    def events(self) -> list[Event]:
        """Every whole line."""
        return list(_events(self.path))

    def of(self, *kinds: str) -> list[Event]:
        """The events of these kinds, in order."""
        return [event for event in self.events if event["event"] in kinds]

    @property
    def playbook(self) -> str:
        return str(self.start.get("playbook", "")) or self.name.partition("-")[2].rpartition("-")[0]

    @property
    def report(self) -> Path:
        """The folder of its report, which may not be there."""
        return places.state() / "reports" / self.name

    @property
    def lives(self) -> bool:
        """Whether it is still running: its journal is locked then."""
        if self.problem:
            return False
        with self.path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return True
        return False

    @property
    def outcome(self) -> str:
        """How it ended, in words."""
        if self.problem:
            return f"cannot be read: {self.problem}"
        if self.end.get("status") == "preflight":
            return "did not start: see its preflight"
        if self.end:
            code = self.end.get("exit_code")
            return WORDS.get(code, f"exit code {code}") if isinstance(code, int) else "ended"
        return "is running" if self.lives else "killed, did not end"

    @property
    def reasons(self) -> list[str]:
        """Why it came to nothing, a line each: what stopped it, what failed, and what a kill cut off."""
        lines = [str(event.get("message", "")) for event in self.of("preflight") if event.get("stops")]
        for event in self.of("task-ended"):
            if event.get("result") in ("failed", "unreachable"):
                first = (str(event.get("message", "")).splitlines() or [""])[0]
                lines.append(f"{event.get('host')}: {event.get('task')}: {first}")
        return [*lines, *([self.cut_off] if self.cut_off else [])] or [self.outcome]

    @property
    def cut_off(self) -> str:
        """What was under way when it was killed; empty where it ended, or lives."""
        started = self.of("task-started") if not self.end and not self.lives else []
        return f"killed in {started[-1].get('phase') or started[-1].get('task')}: {started[-1].get('task')}" if started else ""

    @property
    def began(self) -> datetime | None:
        return time_of(self.start)

    @property
    def seconds(self) -> float | None:
        """How long it took; of one that did not end, to its last whole line."""
        if "seconds" in self.end:
            return float(self.end["seconds"])
        last = time_of(self.events[-1]) if self.events else None
        return (last - self.began).total_seconds() if last and self.began else None


def past() -> list[PastRun]:
    """Every run, the newest first."""
    folder = places.state() / "journal"
    return [PastRun(path) for path in sorted(folder.glob("*.jsonl"), reverse=True)]


def find(name: str) -> PastRun:
    """A run by its name, by how its name begins where only one does, or ``last``; :class:`Refused` otherwise."""
    known = past()
    found = known[:1] if name == "last" else [run for run in known if run.name == name]
    found = found or [run for run in known if name and run.name.startswith(name)]
    if len(found) == 1:
        if found[0].problem:
            raise places.Refused(f"cannot read the journal {found[0].path}: {found[0].problem}")
        return found[0]
    if not known:
        raise places.Refused(f"there are no runs in {places.state()}. RUNBOOK_STATE names another folder")
    if not found:
        raise places.Refused(f"there is no run {name!r} in {places.state()}. See ./runbook history")
    few = ", ".join(run.name for run in found[:5])
    raise places.Refused(f"{len(found)} runs begin with {name!r}: {few}{' ...' if len(found) > 5 else ''}")


def time_of(event: Event) -> datetime | None:
    """When an event was written."""
    try:
        return datetime.fromisoformat(str(event.get("time", ""))).astimezone(UTC)
    except ValueError:
        return None


def duration(seconds: float | None) -> str:
    """Seconds for people: ``4.2 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if seconds is None:
        return "-"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def _events(path: Path) -> Iterator[Event]:
    with suppress(OSError), path.open("rb") as file:
        yield from (event for line in file if (event := _event(line)))


def _event(line: bytes) -> Event:
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else {}
