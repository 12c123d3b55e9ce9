# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A run that nobody looks after any more: its terminal is lost, or it was killed and left what holds secrets."""

from __future__ import annotations

import os
import pty
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from playbooks.console.test_play import SECONDS, journal_of, until
from runbook import private


def says(file: Path) -> bool:
    return file.exists() and file.read_text(encoding="utf-8").endswith("\n")


@pytest.mark.skipif(not shutil.which("setsid"), reason="needs util-linux")
def test_a_lost_terminal_ends_nothing(runbook: Any, checkout: Path, tmp_path: Path) -> None:
    ours, its = pty.openpty()
    process = runbook("demo", "-e", f"go_file={tmp_path}/go", terminal=its)
    os.close(its)
    until(lambda: says(tmp_path / "go.waits"))
    os.close(ours)  # the kernel sends SIGHUP, and whatever is written from now on fails
    (tmp_path / "go").touch()
    assert process.wait(SECONDS) == 0
    events = journal_of(checkout)
    assert (events[-1]["event"], events[-1]["exit_code"]) == ("run-ended", 0)
    assert any(event["event"] == "task-ended" and event["task"] == "Report" for event in events)


def test_what_a_killed_run_left_is_removed_by_the_next_and_nothing_else(runbook: Any, tmp_path: Path) -> None:
    killed = runbook("demo", "-e", f"go_file={tmp_path}/one registry_password=hunter2")
    until(lambda: says(tmp_path / "one.waits"))
    (left,) = tmp_path.glob("runbook-*")
    assert any("hunter2" in path.read_text(encoding="utf-8") for path in left.rglob("command"))
    killed.kill()
    killed.communicate()
    lives = runbook("demo", "-e", f"go_file={tmp_path}/two")
    until(lambda: says(tmp_path / "two.waits"))
    assert left.is_dir()  # its Ansible still works in it
    (kept,) = (path for path in tmp_path.glob("runbook-*") if path != left)
    notes = tmp_path / "runbook-notes"
    notes.mkdir()
    (tmp_path / "one").touch()
    until(lambda: not any(str(left).encode() in environment for environment in private._environments()))
    runbook("demo").communicate(timeout=SECONDS)
    assert set(tmp_path.glob("runbook-*")) == {kept, notes}
    (tmp_path / "two").touch()
    lives.communicate(timeout=SECONDS)
    assert lives.returncode == 0


def test_a_hangup_of_a_run_that_is_not_at_a_terminal_ends_nothing_either(runbook: Any, tmp_path: Path) -> None:
    process = runbook("demo", "-e", f"go_file={tmp_path}/go")
    until(lambda: says(tmp_path / "go.waits"))
    process.send_signal(signal.SIGHUP)
    (tmp_path / "go").touch()
    process.communicate(timeout=SECONDS)
    assert process.returncode == 0
