# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Runs one playbook through ansible-runner: progress on the screen, a journal on disk, an exit code that means something.

A playbook finds these in its environment. RUNBOOK_REPORT: the folder where it puts a report (it makes the folder); its
``report.txt`` is printed at the end. RUNBOOK_TMP: a folder for temporary files, removed at the end whatever happens. RUNBOOK_LABS: what
the paths of throw-away registries begin with; they are removed if the run is interrupted.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import labs, places
from .events import failure_of, result_of
from .journal import Journal
from .progress import Progress
from .redaction import recordable, secrets_in
from .verdict import COULD_NOT_LOOK, Verdict

_PROMPTS = ("-k", "-K", "-J", "--ask-pass", "--ask-become-pass", "--ask-vault-pass", "--ask-vault-password")
PATIENCE = 10.0  # seconds that an interrupted ansible-playbook has to leave by itself


class Run:
    """One run of one playbook: what its events lead to."""

    def __init__(self, name: str, journal: Journal, verbose: bool) -> None:
        self.name = name
        self.journal = journal
        self.progress = Progress(verbose)
        self.verdict = Verdict()
        self.interrupted = False
        self._patience_ends = 0.0
        self._ansible_pid: int | None = None

    def on_event(self, event: dict[str, Any]) -> bool:
        """Show, record and weigh one event. False: ansible-runner need not keep it on disk."""
        self._ansible_pid = event.get("pid") or self._ansible_pid
        result = result_of(event)
        self.verdict.note(event, result)
        self.progress.show(event, result)
        about = event.get("event_data", {})
        if result is not None:
            details = {"message": failure_of(result.data), "code": result.data.get("code")} if result.is_failure else {}
            ended = {"task": result.task, "host": result.host, "result": result.kind, "seconds": result.seconds}
            self.journal.write("task-ended", **ended, **details)
        elif event.get("event") == "playbook_on_task_start":
            self.journal.write("task-started", task=about.get("task"), role=about.get("role"))
        elif event.get("event") == "playbook_on_play_start":
            self.journal.write("play-started", play=about.get("name"))
        return False

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


def run(arguments: list[str]) -> int:
    """``NAME [arguments of ansible-playbook]``; returns the exit code."""
    if not arguments:
        raise places.Refused("play: name a playbook. See ./runbook help")
    name, rest = arguments[0], arguments[1:]
    playbook = places.playbook(name)
    if any(argument in _PROMPTS for argument in rest):
        raise places.Refused(
            "there are no prompts here: use --connection-password-file, --become-password-file or --vault-password-file"
        )
    run_name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{name}-{os.getpid()}"
    report = places.private_folder("reports") / run_name
    with Journal(places.private_folder("journal") / f"{run_name}.jsonl", secrets_in(rest)) as journal:
        journal.write("run-started", run=run_name, playbook=name, arguments=recordable(rest))
        began = time.monotonic()
        current = Run(name, journal, verbose=any(argument.startswith(("-v", "--verbose")) for argument in rest))
        status, exit_code = _run_ansible(current, playbook, rest, report)
        journal.write("run-ended", status=status, exit_code=exit_code, seconds=round(time.monotonic() - began, 3))
    _conclude(current, report, exit_code)
    if current.interrupted:
        for folder in labs.remove(labs.prefix(run_name)):
            print(f"runbook: removed the lab {folder}", file=sys.stderr)
    return exit_code


def _run_ansible(current: Run, playbook: Path, arguments: list[str], report: Path) -> tuple[str, int]:
    """Run ansible-playbook in the caller's folder, so that relative paths among the arguments mean what they say."""
    import ansible_runner  # not at the top: ./runbook help runs without the virtual environment

    with tempfile.TemporaryDirectory(prefix="runbook-") as private, _SignalsTo(current):
        os.environ.update(_environment(private, report))
        outcome = ansible_runner.run(
            private_data_dir=private,
            project_dir=str(Path.cwd()),
            playbook=str(playbook),
            cmdline=shlex.join(arguments),
            event_handler=current.on_event,
            cancel_callback=current.must_be_killed,
            suppress_output_file=True,
            quiet=True,
        )
    if current.interrupted:
        return "canceled", 130
    return str(outcome.status), current.verdict.exit_code(outcome.rc)


def _environment(private: str, report: Path) -> dict[str, str]:
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


class _SignalsTo:
    """While active, SIGINT and SIGTERM mean: end the playbook, then leave in order."""

    def __init__(self, current: Run) -> None:
        self._current = current

    def __enter__(self) -> None:
        self._before = {number: signal.signal(number, self._current.on_interrupt) for number in (signal.SIGINT, signal.SIGTERM)}

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _conclude(current: Run, report: Path, exit_code: int) -> None:
    text = report / "report.txt"
    if text.is_file():
        print(f"\n{text.read_text(encoding='utf-8').rstrip()}\n\nReport: {text}")
    if current.interrupted:
        print("runbook: interrupted", file=sys.stderr)
    elif exit_code >= COULD_NOT_LOOK:
        print(f"runbook: {current.name} could not do its work; journal: {current.journal.path}", file=sys.stderr)
