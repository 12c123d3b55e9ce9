# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C in the middle of a drill: no registry and no folder is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_an_interrupted_drill_leaves_nothing_behind(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "TMPDIR": str(tmp_path),
        "RUNBOOK_STATE": str(tmp_path / "state"),
        "PYTHONPATH": str(ROOT / "src"),
    }
    command = [sys.executable, "-m", "runbook", "drill", "-e", "target=drill-unlinked"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as drill:
        assert drill.stdout is not None and drill.stderr is not None
        assert any("Fill a registry, and break it" in line for line in drill.stdout), drill.stderr.read()
        (lab,) = tmp_path.glob("registry-drill-*")
        drill.send_signal(signal.SIGINT)
        _rest, errors = drill.communicate(timeout=60)
    assert drill.returncode == 130
    assert f"removed the lab {lab}" in errors
    assert not list(tmp_path.glob("registry-drill-*"))
    assert not [pid for pid in os.listdir("/proc") if pid.isdigit() and str(lab) in _command_line(pid)]


def _command_line(pid: str) -> str:
    try:
        return Path("/proc", pid, "cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
