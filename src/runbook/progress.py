# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a person sees while a playbook runs: a line for each play, for each phase on each host, and for each failure.

Conventions for playbooks: what ``ansible.builtin.debug`` says (``msg``, a string or a list of strings) is printed as it
is, so a table stays a table. Warnings and differences are printed as Ansible words them. A phase in which nothing was done (all of it
skipped, or bookkeeping) gets no line. With ``-v`` the tasks that changed something follow their phase; with ``-vv`` Ansible's own
output is handed through instead. On a terminal, what is under way is told once a second.
"""

from __future__ import annotations

import re
import sys
import time
from typing import Any

from .events import Result, failure_of, message_of
from .live import Live

#: Events whose text is Ansible's own: differences, warnings, and what it says before a play or outside of one.
SHOWN_AS_IS = frozenset(("runner_on_file_diff", "warning", "deprecated", "system_warning", "error", "verbose"))
_COLOUR_CODE = re.compile(r"\x1b\[[0-9;]*m")
_COLOURS = {"changed": "33", "failed": "31", "unreachable": "31", "ok": "32"}


class Phase:
    """What came of one phase on one host."""

    def __init__(self, name: str, host: str, now: float) -> None:
        self.name = name
        self.host = host
        self.kind = "silent"
        self.changed: list[Result] = []
        self._began = self._ended = now

    def note(self, result: Result, now: float) -> None:
        """One of its tasks ended."""
        self._ended = now
        if result.is_failure:
            self.kind = "failed"
        elif result.kind == "changed":
            self.changed.append(result)
        if self.kind != "failed" and not result.says_nothing and not (result.is_debug and result.kind == "ok"):
            self.kind = "changed" if self.changed else "ok"

    @property
    def seconds(self) -> float:
        return round(self._ended - self._began, 1)


class Progress:
    """Prints events as they come. ``verbosity``: how many ``-v`` there were."""

    def __init__(self, verbosity: int) -> None:
        self._verbosity = verbosity
        self._phases: dict[str, Phase] = {}
        self._began: tuple[str, float] = ("", 0.0)  # the phase under way, and since when
        self._colour = sys.stdout.isatty()
        self.live = Live(self._colour and verbosity < 2)

    def start(self, path: list[str], task: str) -> list[Phase]:
        """A task starts in the phase that ``path`` begins with; the phases that ended by that, which are not told yet."""
        if path[0] == self._began[0]:
            ended = []
        else:
            ended = self.end()
            self._began = (path[0], time.monotonic())
        self.live.tell(path[0], task)
        return ended

    def end(self) -> list[Phase]:
        """Whatever is under way ended: forget and return it."""
        ended, self._phases, self._began = list(self._phases.values()), {}, ("", 0.0)
        self.live.tell("", "")
        return ended

    def show(self, event: dict[str, Any], result: Result | None) -> None:
        """Print one event of ansible-runner; ``result`` is set where a task ended on a host."""
        kind, about = event.get("event", ""), event.get("event_data", {})
        if result is not None:
            self._note(result)
        if self._verbosity > 1 or kind in SHOWN_AS_IS:
            self._print(event.get("stdout", ""))
        elif kind == "playbook_on_play_start":
            self._print(f"\n{about.get('name', '')}")
        elif kind == "runner_item_on_failed":
            self._print(_indented(failure_of(about.get("res") or {})))
        elif result is not None:
            self._result(result)

    def _note(self, result: Result) -> None:
        name, since = self._began
        phase = self._phases.setdefault(result.host, Phase(name or result.task, result.host, since or time.monotonic()))
        phase.note(result, time.monotonic())

    def _result(self, result: Result) -> None:
        if result.is_debug and result.kind == "ok":
            self._print(message_of(result.data))
        elif result.is_failure:
            name = self._phases[result.host].name
            within = "" if name == result.task else f"{name}: "
            self._line(result.kind, f"{within}{result.task}", result.host, result.seconds)
            self._print(_indented(failure_of(result.data)))

    def tell(self, phase: Phase) -> None:
        """Print a phase that ended."""
        if self._verbosity > 1 or phase.kind == "silent":
            return
        if phase.kind != "failed":  # that was said when it happened
            self._line(phase.kind, phase.name, phase.host, phase.seconds)
        for result in phase.changed if self._verbosity else []:
            if result.task != phase.name:
                self._line("changed", result.task, result.host, result.seconds, indent="    ")

    def _line(self, kind: str, text: str, host: str, seconds: float, indent: str = "  ") -> None:
        where = "" if host in ("localhost", "127.0.0.1") else f"  [{host}]"
        self._print(f"{indent}{self._paint(kind)} {text}{where}  {seconds:.1f} s")

    def _paint(self, kind: str) -> str:
        word = f"{kind:<11}"
        return f"\033[{_COLOURS[kind]}m{word}\033[0m" if self._colour else word

    def _print(self, text: str) -> None:
        if text:
            self.live.print(text if self._colour else _COLOUR_CODE.sub("", text))


def _indented(text: str) -> str:
    return "\n".join(f"      {line}" for line in text.splitlines())
