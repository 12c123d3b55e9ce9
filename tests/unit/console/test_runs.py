# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Old runs are read as they were left: whole, half written, killed, or still going on."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook import history, records, runs
from runbook.journal import Journal
from runbook.places import Refused


@pytest.fixture
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RUNBOOK_STATE", str(tmp_path))
    folder = tmp_path / "journal"
    folder.mkdir()
    return folder


def write(folder: Path, name: str, *, ends: bool = True, code: int = 0) -> Path:
    path = folder / f"{name}.jsonl"
    with Journal(path, set()) as journal:
        journal.write(
            "run-started", run=name, playbook="recover", arguments=["-i", "mine"], omitted=["-e registry_password"], target="vm"
        )
        journal.write("task-started", task="Copy", phase="Repair / Copy")
        if ends:
            journal.write("run-ended", status="successful", exit_code=code, seconds=61.2, findings=2, remaining=0)
    return path


def test_a_run_that_ended(journals: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(journals, "20260101T000000Z-recover-1", code=3)
    assert history.run([]) == 0
    _heading, line = capsys.readouterr().out.splitlines()
    assert "recover" in line and "vm" in line and "1 min 01 s" in line
    assert line.endswith("what remains needs an approval or a decision")


def test_a_run_that_was_killed_in_the_middle_of_a_line(journals: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(journals, "20260101T000000Z-recover-1", ends=False)
    with path.open("ab") as file:
        file.write(b'{"time": "2026-01-01T00:00:01.000+00:00", "event": "task-en\xff')
    history.run(["-n", "5"])
    history.show(["last"])
    shown = capsys.readouterr().out
    assert "killed, did not end" in shown
    assert "killed in Repair / Copy: Copy" in shown
    assert "./runbook resume 20260101T000000Z-recover-1 -e registry_password=..." in shown


def test_a_journal_of_rubbish_or_nothing_is_still_a_run(journals: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (journals / "20260101T000000Z-verify-1.jsonl").write_bytes(b"")
    (journals / "20260102T000000Z-verify-2.jsonl").write_bytes(b"\x00\xff[1]\n[1]\n{}\n")
    assert history.run([]) == history.show(["last"]) == 0
    assert capsys.readouterr().out.count("killed, did not end") == 3


def test_a_journal_that_cannot_be_read_hides_no_other(journals: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(journals, "20260101T000000Z-recover-1")
    (journals / "20260102T000000Z-verify-2.jsonl").mkdir()  # root can read a file of anybody, and no folder
    assert history.run([]) == 0
    _heading, first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("healthy or done")
    assert "verify" in second and second.endswith("cannot be read: Is a directory")
    with pytest.raises(Refused, match=r"cannot read the journal .*-verify-2\.jsonl: Is a directory"):
        runs.find("last")
    history.run(["--prune", "0"])
    assert [path.name for path in journals.iterdir()] == ["20260102T000000Z-verify-2.jsonl"]


def test_a_run_that_still_goes_on(journals: Path) -> None:
    with Journal(journals / "20260101T000000Z-recover-1.jsonl", set()) as journal:
        journal.write("run-started", run="x", playbook="recover", arguments=[], omitted=[])
        assert runs.find("last").outcome == "is running"
    assert runs.find("last").outcome == "killed, did not end"


def test_found_by_name_prefix_and_last(journals: Path) -> None:
    for name in ("20260101T000000Z-recover-1", "20260101T000000Z-recover-12", "20260102T000000Z-verify-3"):
        write(journals, name)
    assert runs.find("last").name == "20260102T000000Z-verify-3"
    assert runs.find("20260102").name.endswith("-3")
    assert runs.find("20260101T000000Z-recover-1").name.endswith("-1")
    for name, said in (("20260101", "2 runs begin with"), ("2025", "there is no run"), ("", "there is no run")):
        with pytest.raises(Refused, match=said):
            runs.find(name)


def test_no_runs_at_all(journals: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history.run([]) == 0
    assert "No runs in" in capsys.readouterr().out
    with pytest.raises(Refused, match="there are no runs"):
        runs.find("last")


@pytest.mark.parametrize(
    "arguments", [["-n"], ["-n", "many"], ["all"], ["--prune", "-1"], ["--prune", "9999999999"], ["-n", "9" * 5000]]
)
def test_history_says_what_it_takes(journals: Path, arguments: list[str]) -> None:
    with pytest.raises(Refused, match="-n NUMBER"):
        history.run(arguments)


def test_pruning_spares_what_is_young_or_running(journals: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = write(journals, "20260101T000000Z-recover-1")
    report = journals.parent / "reports" / old.stem
    report.mkdir(parents=True)
    history.run(["--prune", "1"])
    assert old.exists()
    history.run(["--prune", "0"])
    assert not old.exists() and not report.exists()
    assert "Removed 1 runs" in capsys.readouterr().out


def test_pruning_spares_what_a_person_has_written(journals: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written, untouched = (write(journals, f"20260101T000000Z-recover-{number}", code=1) for number in (1, 2))
    for path in (written, untouched):
        records.make_up(runs.PastRun(path))
    post_mortem = journals.parent / "reports" / written.stem / "post-mortem.md"
    with post_mortem.open("a", encoding="utf-8") as file:
        file.write("The cause: a full disk.\n")
    history.run(["--prune", "0"])
    assert post_mortem.exists() and written.exists()
    assert not untouched.exists()
    said = capsys.readouterr().out
    assert "Removed 1 runs" in said
    assert f"Kept 1 of that age, since somebody has written in their post-mortem.md:\n  {post_mortem}" in said
