# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A run goes on only where it did not end well, and what was approved long ago is approved anew."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbook import resume
from runbook.places import Refused
from runbook.runs import PastRun

APPROVED = ["-i", "mine", "-e", '{"target": "vm", "approve": ["delete"]}', "-e", '{"recover_approve": ["rebuild"]}', "--check"]


def run_of(folder: Path, hours: float, exit_code: int = 3) -> PastRun:
    time = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
    started = {"playbook": "recover", "arguments": APPROVED, "omitted": [], "folder": str(folder)}
    events = [{"event": "run-started", **started}, {"event": "run-ended", "exit_code": exit_code}]
    path = folder / "20260101T000000Z-recover-1.jsonl"
    path.write_text("".join(json.dumps({"time": time, **event}) + "\n" for event in events), encoding="utf-8")
    return PastRun(path)


def test_fresh_approvals_hold(tmp_path: Path) -> None:
    past = run_of(tmp_path, hours=3.9)
    assert resume._recorded(past) == (APPROVED, [])
    resume._check_arguments(past, [])


def test_old_ones_are_asked_for_and_not_given_again(tmp_path: Path) -> None:
    past = run_of(tmp_path, hours=4.1)
    assert resume._recorded(past) == (["-i", "mine", "-e", '{"target": "vm"}', "--check"], ["approve", "recover_approve"])
    with pytest.raises(
        Refused, match=r"began more than 4 hours ago, so approve anew: approve, recover_approve.*--without-them"
    ) as said:
        resume._check_arguments(past, ["-e", "other=1"])
    assert "-e '{\"approve\": [...]}'" in str(said.value)
    resume._check_arguments(past, ["-e", '{"approve": ["delete"], "recover_approve": []}'])


def test_what_ended_well_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="ended well"):
        resume._check(run_of(tmp_path, hours=1, exit_code=0))
    resume._check(run_of(tmp_path, hours=1, exit_code=1))
