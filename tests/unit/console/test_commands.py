# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Whatever goes wrong in the console itself is "could not look or act", never "findings", which is what Python's own 1 would say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runbook import commands, places, play
from runbook.journal import Journal
from runbook.output import say
from runbook.running import Run


@pytest.mark.parametrize(
    ("error", "exit_code", "said"),
    [
        (places.Refused("name a run"), 2, "runbook: name a run\n"),
        (OSError(28, "No space left on device", "/full/x"), 2, "runbook: cannot go on: No space left on device: /full/x. Look"),
        (RuntimeError("a bug"), 2, "RuntimeError: a bug"),
        (OverflowError("a bug"), 2, "this is a fault of the console itself"),
        (KeyboardInterrupt(), 130, "runbook: interrupted"),
    ],
)
def test_every_error_has_its_exit_code(
    error: BaseException, exit_code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_arguments: list[str]) -> int:
        raise error

    monkeypatch.setitem(commands.COMMANDS, "list", commands.Command(fail, "", ""))
    assert commands.main(["list"]) == exit_code
    errors = capsys.readouterr().err
    assert said in errors
    assert ("Traceback" in errors) is (said.endswith("bug") or said.endswith("itself"))


@pytest.mark.parametrize(
    ("error", "status", "exit_code"),
    [(OSError(28, "No space left on device"), "error", 2), (KeyboardInterrupt(), "canceled", 130)],
)
def test_a_run_that_breaks_off_is_recorded_as_it_was(
    error: BaseException, status: str, exit_code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> tuple[str, int]:
        raise error

    monkeypatch.setattr(play, "run_ansible", fail)
    path = tmp_path / "journal.jsonl"
    with Journal(path, set()) as journal, pytest.raises(type(error)):
        play._run(Run("lab", journal, 0), places.playbook("lab"), [], str(tmp_path), looks_ahead=False)
    last = json.loads(path.read_text(encoding="utf-8"))
    assert (last["event"], last["status"], last["exit_code"]) == ("run-ended", status, exit_code)


def test_a_folder_that_is_gone_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(places.Refused, match="started is gone"):
        places.here()


def test_what_is_no_text_is_shown_as_an_escape(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def show(_arguments: list[str]) -> int:
        say("caf\udce9")
        return 0

    monkeypatch.setitem(commands.COMMANDS, "list", commands.Command(show, "", ""))
    assert commands.main(["list"]) == 0
    assert capsys.readouterr() == ("caf\\udce9\n", "")


def test_an_argument_that_is_no_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_STATE", str(tmp_path))
    monkeypatch.setattr(play, "_run", lambda *_arguments: 0)
    with pytest.raises(places.Refused, match=r"^argument 2 after the playbook's name is no UTF-8\. Write it in UTF-8$"):
        play.start("lab", ["-e", "target=caf\udce9"])
    assert not list(tmp_path.iterdir())
