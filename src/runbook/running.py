# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One run of one playbook under ansible-runner: what its events lead to, and its end by a signal."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from . import evidence, labs, places
from .events import Result, failure_of, result_of
from .journal import Journal
from .phases import Phases
from .progress import Phase, Progress
from .prompts import ANSWERS
from .verdict import INTERRUPTED, Verdict

PATIENCE = 10.0  # seconds that an interrupted ansible-playbook has to leave by itself


class Run:
    """One run of one playbook: what its events lead to. ``verbosity``: how many ``-v`` there were."""

    def __init__(self, name: str, journal: Journal, verbosity: int) -> None:
        self.name = name
        self.journal = journal
        self.progress = Progress(verbosity)
        self.verdict = Verdict(places.reports(name))
        self.interrupted = False
        self.reached_out = False  # whether it dealt with another machine than this one
        self._phases = Phases()
        self._patience_ends = 0.0
        self._ansible_pid: int | None = None

    def on_event(self, event: dict[str, Any]) -> bool:
        """Weigh, record, then show one event. False: ansible-runner need not keep it on disk."""
        self._ansible_pid = event.get("pid") or self._ansible_pid
        result = result_of(event)
        kind, about = event.get("event"), event.get("event_data", {})
        self.verdict.note(event, result)
        if kind in ("playbook_on_play_start", "playbook_on_stats"):
            self._phases.play()
            self._ended(self.progress.end())
        elif kind == "playbook_on_task_start":
            self._started(about)
        if kind == "playbook_on_play_start":
            self.journal.write("play-started", play=about.get("name"))
        if result is not None:
            self._record(result)
        self.progress.show(event, result)
        return False

    def _started(self, about: dict[str, Any]) -> None:
        path = self._phases.start(about)
        self._ended(self.progress.start(path, str(about.get("task", ""))))
        self.journal.write("task-started", task=about.get("task"), role=about.get("role"), phase=" / ".join(path))

    def _ended(self, phases: list[Phase]) -> None:
        for phase in phases:
            if phase.kind != "silent":
                about = {"result": phase.kind, "seconds": phase.seconds, "changed": len(phase.changed)}
                self.journal.write("phase-ended", phase=phase.name, host=phase.host, **about)
            self.progress.tell(phase)

    def _record(self, result: Result) -> None:
        self.reached_out = self.reached_out or result.host != "localhost"
        details = {"message": failure_of(result.data), "code": result.data.get("code")} if result.is_failure else {}
        ended = {"task": result.task, "host": result.host, "result": result.kind, "seconds": result.seconds}
        found = {} if result.kind == "skipped" else evidence.of(result.data)
        self.journal.write("task-ended", **ended, phase=" / ".join(self._phases.of(result.uuid)), **details, **found)

    def on_interrupt(self, _signal: int, _frame: object) -> None:
        """Ctrl-C or a polite kill: ask ansible-playbook to stop its workers and leave; :meth:`must_be_killed` if it does not."""
        self.interrupted = True
        self._patience_ends = time.monotonic() + PATIENCE
        if self._ansible_pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._ansible_pid, signal.SIGTERM)

    def must_be_killed(self) -> bool:
        """Asked by ansible-runner every now and then: whether to kill ansible-playbook."""
        return self.interrupted and (self._ansible_pid is None or time.monotonic() > self._patience_ends)


def run_ansible(current: Run, playbook: Path, arguments: list[str], private: str) -> tuple[str, int]:
    """Run ansible-playbook in the caller's folder, so that relative paths among the arguments mean what they say."""
    import ansible_runner  # not at the top: ./runbook help runs without the virtual environment

    with _SignalsTo(current), current.progress.live:
        outcome = ansible_runner.run(
            private_data_dir=private,
            project_dir=str(places.here()),
            playbook=str(playbook),
            passwords=ANSWERS,
            cmdline=shlex.join(arguments),
            event_handler=current.on_event,
            cancel_callback=current.must_be_killed,
            suppress_output_file=True,
            quiet=True,
        )
    if current.interrupted:
        return "canceled", INTERRUPTED
    return str(outcome.status), current.verdict.exit_code(outcome.rc)


def environment(private: str, report: Path) -> dict[str, str]:
    """What the playbook's environment needs: this project's configuration, our programs first, and no write to HOME."""
    programs = str(Path(sys.executable).parent)
    return {
        "PATH": programs + os.pathsep + os.environ.get("PATH", os.defpath),
        "ANSIBLE_CONFIG": str(places.ROOT / "ansible.cfg"),
        "ANSIBLE_HOME": f"{private}/ansible",
        "ANSIBLE_HOST_KEY_CHECKING": os.environ.get("ANSIBLE_HOST_KEY_CHECKING", "True"),  # ansible-runner would say False
        "RUNBOOK_REPORT": str(report),
        "RUNBOOK_TMP": private,
        "RUNBOOK_LABS": str(labs.prefix(report.name)),
    }


@contextmanager
def outlives_its_terminal() -> Iterator[None]:
    """While active, a lost terminal ends nothing, as under ``nohup``: a broken connection is no reason to leave a repair half done.

    A handler, since what is ignored would be ignored by all that is started, too.
    """
    before = signal.getsignal(signal.SIGHUP)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda _signal, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@contextmanager
def term_interrupts() -> Iterator[None]:
    """While active, SIGTERM is what Ctrl-C is."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _SignalsTo:
    """While active, SIGINT and SIGTERM mean: end the playbook, then leave in order."""

    def __init__(self, current: Run) -> None:
        self._current = current

    def __enter__(self) -> None:
        self._before = {number: signal.signal(number, self._current.on_interrupt) for number in (signal.SIGINT, signal.SIGTERM)}

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
