# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C in the middle of a drill: no process and no folder is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from contract.project import ROOT
from drills.watching import wait_for_task
from plugins.processes import processes_of

pytestmark = pytest.mark.xdist_group("watched")


@pytest.mark.parametrize(
    ("target", "task", "running"),
    [("drill-unlinked", "Fill a registry, and break it", 0), ("monitoring", "Break an image as in the incident", 6)],
)
def test_an_interrupted_drill_leaves_nothing_behind(
    request: pytest.FixtureRequest, tmp_path: Path, target: str, task: str, running: int
) -> None:
    if target == "monitoring":
        request.getfixturevalue("fit_for_monitoring")
    environment = {
        **os.environ,
        "TMPDIR": str(tmp_path),
        "RUNBOOK_STATE": str(tmp_path / "state"),
        "PYTHONPATH": str(ROOT / "src"),
    }
    command = [sys.executable, "-m", "runbook", "drill", "-e", f"target={target}"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as drill:
        wait_for_task(drill, task, tmp_path / "state")
        (lab,) = tmp_path.glob("registry-drill-*")
        assert len(processes_of(lab)) >= running
        drill.send_signal(signal.SIGINT)
        _rest, errors = drill.communicate(timeout=60)
    assert drill.returncode == 130
    assert f"removed the lab {lab}" in errors
    assert not list(tmp_path.glob("registry-drill-*"))
    assert processes_of(lab) == []
