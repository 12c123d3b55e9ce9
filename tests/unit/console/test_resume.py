# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A run goes on only where it did not end well, and what was approved long ago is approved anew."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbook import resume
from runbook.places import Refused
from runbook.runs import PastRun

APPROVED = ["-i", "mine", "-e", '{"target": "vm", "approve": ["delete"]}', "-e", '{"recover_approve": ["rebuild"]}', "--check"]


def run_of(folder: Path, hours: float, exit_code: int = 3, number: int = 1, resumes: str = "") -> PastRun:
    time = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
    started = {"playbook": "recover", "arguments": APPROVED, "omitted": [], "folder": str(folder), "resumes": resumes}
    events = [{"event": "run-started", **started}, {"event": "run-ended", "exit_code": exit_code}]
    path = folder / f"20260101T000000Z-recover-{number}.jsonl"
    path.write_text("".join(json.dumps({"time": time, **event}) + "\n" for event in events), encoding="utf-8")
    return PastRun(path)


def test_fresh_approvals_hold(tmp_path: Path) -> None:
    past = run_of(tmp_path, hours=3.9)
    assert resume._recorded(past) == (APPROVED, [])
    resume._check_arguments(past, [])


def test_to_say_how_to_resume_needs_the_standard_library_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert resume.command(run_of(tmp_path, hours=5)).endswith("""-e '{"approve": [...]}' -e '{"recover_approve": [...]}'""")


def test_old_ones_are_asked_for_and_not_given_again(tmp_path: Path) -> None:
    past = run_of(tmp_path, hours=4.1)
    assert resume._recorded(past) == (["-i", "mine", "-e", '{"target": "vm"}', "--check"], ["approve", "recover_approve"])
    with pytest.raises(
        Refused, match=r"was approved more than 4 hours ago, so approve anew: approve, recover_approve.*--without-them"
    ) as said:
        resume._check_arguments(past, ["-e", "other=1"])
    assert "-e '{\"approve\": [...]}'" in str(said.value)
    resume._check_arguments(past, ["-e", '{"approve": ["delete"], "recover_approve": []}'])


@pytest.mark.parametrize(("ages", "holds"), [((4.1, 2, 0.3), False), ((7, 3.9, 2, 0.1), True), ((9, 4.5, 3.2, 1), False)])
def test_to_resume_makes_no_approval_younger(tmp_path: Path, ages: tuple[float, ...], holds: bool) -> None:
    """Each run goes on with the one before; one that began when the approvals were too old was given them anew."""
    name = ""
    for number, hours in enumerate(ages):
        past = run_of(tmp_path, hours, number=number, resumes=name)
        name = past.name
    assert (resume._recorded(past)[1] == []) is holds


def test_what_ended_well_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="ended well"):
        resume._check(run_of(tmp_path, hours=1, exit_code=0))
    resume._check(run_of(tmp_path, hours=1, exit_code=1))
