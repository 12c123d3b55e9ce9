# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``./runbook NAME`` for real: what is shown, what is recorded, and how it ends."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SECONDS = 120.0


def journal_of(checkout: Path) -> list[dict[str, Any]]:
    (path,) = (checkout / ".runbook" / "journal").iterdir()
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_shows_tables_report_and_journal(runbook: Any, checkout: Path) -> None:
    process = runbook("demo")
    shown, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    assert "TAG     STATE\nlatest  gone\n" in shown
    assert "\033" not in shown
    assert "the report" in shown
    events = journal_of(checkout)
    assert [events[0]["event"], events[-1]["event"]] == ["run-started", "run-ended"]
    assert events[-1]["exit_code"] == 0
    assert {"Table", "Report"} <= {event["task"] for event in events if event["event"] == "task-ended"}


@pytest.mark.parametrize(("variable", "expected"), [("broken", 1), ("wrong", 2)])
def test_exit_code(runbook: Any, variable: str, expected: int) -> None:
    process = runbook("demo", "-e", f"{variable}=true")
    process.communicate()
    assert process.returncode == expected


def test_no_secret_in_the_journal_and_nothing_left_in_the_temporary_folder(runbook: Any, checkout: Path, tmp_path: Path) -> None:
    process = runbook("demo", "-e", "broken=true registry_password=hunter2")
    process.communicate()
    texts = [path.read_text(encoding="utf-8") for path in (checkout / ".runbook").rglob("*") if path.is_file()]
    assert any("found 1, secret ****" in text for text in texts)
    assert not any("hunter2" in text for text in texts)
    assert [path.name for path in tmp_path.iterdir()] == [checkout.name]


@pytest.mark.parametrize(("variable", "expected"), [("broken", 1), ("wrong", 2)])
def test_a_reader_that_leaves_early_changes_nothing(runbook: Any, checkout: Path, variable: str, expected: int) -> None:
    process = runbook("demo", "-e", f"{variable}=true")
    process.stdout.close()
    process.stderr.close()
    assert process.wait(SECONDS) == expected
    events = journal_of(checkout)
    assert [events[-2]["event"], events[-1]["event"]] == ["phase-ended", "run-ended"]
    assert (events[-2]["result"], events[-1]["exit_code"]) == ("failed", expected)
    assert any(event.get("task") == "Table" and event["event"] == "task-ended" for event in events)


@pytest.mark.parametrize("command", ["history", "help"])
def test_what_only_reads_ends_well_without_a_reader(runbook: Any, command: str) -> None:
    process = runbook(command)
    process.stdout.close()
    with process.stderr as errors:
        assert (process.wait(SECONDS), errors.read()) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_what_the_playbook_started(runbook: Any, checkout: Path, tmp_path: Path, number: signal.Signals) -> None:
    pid_file = tmp_path / "pid"
    process = runbook("demo", "-e", f"pid_file={pid_file}")
    until(lambda: pid_file.exists() and pid_file.read_text(encoding="utf-8").endswith("\n"))
    process.send_signal(number)
    process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    until(lambda: not is_running(int(pid_file.read_text(encoding="utf-8"))))
    assert journal_of(checkout)[-1]["status"] == "canceled"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["demo", "--no-such-option"], "unrecognized arguments: --no-such-option"),
        (["no-such-playbook"], "no playbook 'no-such-playbook'. Playbooks: demo"),
        (["../../etc/passwd"], "no playbook"),
        (["demo", "-bK"], "-K asks for something, and there are no prompts here"),
        (["lint", "too", "much"], "lint takes no arguments"),
    ],
)
def test_bad_arguments_are_one_clear_error(runbook: Any, arguments: list[str], said: str) -> None:
    process = runbook(*arguments)
    shown, errors = process.communicate()
    assert process.returncode == 2
    assert said in shown + errors
    assert "Traceback" not in shown + errors


def test_nothing_is_imported_from_the_folder_of_the_caller(runbook: Any, tmp_path: Path) -> None:
    for name in ("runbook", "yaml", "ansible_runner", "json", "ansible", "module_utils"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the caller')\n", encoding="utf-8")
    process = runbook("demo")
    _shown, errors = process.communicate(timeout=SECONDS)
    assert (process.returncode, errors) == (0, "")


def test_what_asks_all_the_same_is_answered_with_nothing(runbook: Any, tmp_path: Path) -> None:
    asking = tmp_path / "ask"
    asking.write_text(
        "#!/bin/sh\nprintf 'Vault password: ' >/dev/tty\nread answer </dev/tty\necho \"$answer\"\n", encoding="utf-8"
    )
    asking.chmod(0o755)
    process = runbook("demo", "--no-preflight", "--vault-password-file", str(asking))
    shown, _errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    assert "Invalid vault password was provided" in shown


def test_a_state_folder_that_cannot_be_made(runbook: Any) -> None:
    process = runbook("demo", RUNBOOK_STATE="/proc/1/nowhere")
    _shown, errors = process.communicate()
    assert process.returncode == 2
    assert "RUNBOOK_STATE" in errors
