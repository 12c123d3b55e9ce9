# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The journal holds whole lines of JSON, readable by their owner only, and no secret."""

from __future__ import annotations

import json
import resource
import stat
from pathlib import Path

import pytest

from runbook.journal import LINE, Journal, who
from runbook.redaction import MASK
from runbook.runs import PastRun


def test_lines_are_written_at_once_and_masked(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Journal(path, {'s"ecret'}) as journal:
        journal.write("task-ended", message='said s"ecret', seconds=0.5, arguments=["-e", 's"ecret'])
        line = json.loads(path.read_text(encoding="utf-8"))
    assert (line["event"], line["seconds"]) == ("task-ended", 0.5)
    assert (line["message"], line["arguments"]) == (f"said {MASK}", ["-e", MASK])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_line_stays_short(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    long = {"count": 9000, "first": ["s" * 100] * 9000}
    with Journal(path, set()) as journal:
        journal.write("task-ended", task="t", plan=long, evidence={"findings": long}, message="m" * 100_000)
    line = path.read_text(encoding="utf-8")
    assert len(line) < LINE
    assert json.loads(line)["plan"] == json.loads(line)["evidence"]["findings"] == {"count": 9000, "first": []}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said_once_and_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Journal(Path("/dev/full"), set()) as journal:
        journal.write("run-started")
        journal.write("run-ended")
    assert capsys.readouterr().err.count("cannot write the journal /dev/full any more: No space left on device") == 1


def test_a_line_that_was_cut_short_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Journal(path, set()) as journal:
        journal.write("run-started")
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, before[1]))
            journal.write("task-ended")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        journal.write("run-ended")
    past = PastRun(path)
    assert [event["event"] for event in past.events] == ["run-started", "run-ended"]
    assert past.end


def test_secrets_are_masked_however_deep(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Journal(path, {"hunter2"}) as journal:
        journal.write("task-ended", plan={"first": [{"hunter2": ["x hunter2"]}]})
    assert "hunter2" not in path.read_text(encoding="utf-8")


def test_the_names_of_a_run_stay(tmp_path: Path) -> None:
    path = tmp_path / "20260101T000000Z-recover-1234.jsonl"
    names = {"run": path.stem, "playbook": "recover", "folder": "/srv/1234", "report": f"/r/{path.stem}", "resumes": "1234"}
    with Journal(path, {"1234", "recover"}) as journal:
        journal.write("run-started", **names, target="1234")
    start = PastRun(path).start
    assert {name: start[name] for name in names} == names
    assert start["target"] == MASK


def test_who_is_told_through_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "root")
    monkeypatch.setenv("SUDO_USER", "alice")
    assert who().startswith("alice as root@")
    monkeypatch.delenv("SUDO_USER")
    assert who().startswith("root@")
