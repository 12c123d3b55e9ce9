# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``./runbook drill -e target=monitoring``: passes and measures, keeps the evidence where it does not, leaves nothing when interrupted."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.binaries import binaries
from ansible.module_utils.registry_lab.folder import LabFolder

from contract.project import ROOT
from playbooks.running import run_playbook

pytestmark = [pytest.mark.xdist_group("watched"), pytest.mark.usefixtures("fit_for_monitoring")]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Path]:
    """Where the lab of the drill will be; it is removed at the end."""
    folder = tmp_path / "labs" / "drill-detection"
    folder.parent.mkdir()
    yield folder
    LabFolder(str(folder)).remove()


def processes_of(lab: Path) -> list[str]:
    """PIDs of all processes that write to something in the lab."""
    found = []
    for path in Path("/proc").glob("[0-9]*/fd/2"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            if os.readlink(path).startswith(str(lab)):
                found.append(path.parts[2])
    return found


def test_it_tells_how_long_each_part_took(lab: Path, tmp_path: Path) -> None:
    """With the newest registry of this machine."""
    given = {"target": "monitoring", "drill_folder": str(lab.parent / "drill"), "drill_binary": (binaries() or [""])[-1]}
    outcome = run_playbook("drill", tmp_path, given)
    assert (outcome.rc, outcome.failures, outcome.findings) == (0, [], None), outcome.stdout
    assert "DRILL: PASS, 1 of 1 scenarios" in outcome.text
    (record,) = outcome.report["results"][0]["scenarios"]
    delays = record["delays"]
    assert list(delays) == ["probed", "fired", "notified", "resolved", "stale", "inaccessible"]
    assert 0 < delays["probed"] < delays["fired"] <= delays["notified"]
    assert all(0 < delay < 60 for delay in delays.values())
    assert outcome.report["results"][0]["clocks"]["detection"]["detect"] == round(delays["notified"], 1)
    assert "shipped   at most 57 min 30 s from a break to the page" in outcome.text
    assert "15m until the probe looks again" in outcome.text
    assert (lab.exists(), processes_of(lab)) == (False, [])


def test_where_it_fails_the_evidence_is_kept(lab: Path, tmp_path: Path) -> None:
    def sabotage(event: dict[str, Any]) -> bool:
        about = event.get("event_data", {})
        if event.get("event") == "runner_on_ok" and about.get("task") == "Break an image as in the incident":
            (lab / "receiver" / "notifications.jsonl").write_text("no JSON\n", encoding="utf-8")
        return True

    given = {"target": "monitoring", "drill_folder": str(lab.parent / "drill")}
    outcome = run_playbook("drill", tmp_path, given, handler=sabotage)
    assert (outcome.rc, outcome.findings) == (2, 1)
    assert "DRILL: FAIL, 0 of 1 scenarios" in outcome.text
    assert "notifications.jsonl: holds something else than notifications" in outcome.text
    assert f"evidence  {lab}" in outcome.text
    for kept in ("registry/registry.log", "prometheus/prometheus.log", "prober/runs.jsonl", "rules", "monitoring.json"):
        assert (lab / kept).exists(), kept
    assert processes_of(lab) == []


def test_interrupted_it_leaves_nothing(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "TMPDIR": str(tmp_path),
        "RUNBOOK_STATE": str(tmp_path / "state"),
        "PYTHONPATH": str(ROOT / "src"),
    }
    command = [sys.executable, "-m", "runbook", "drill", "-e", "target=monitoring"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as drill:
        assert drill.stdout is not None and drill.stderr is not None
        assert any("Break an image as in the incident" in line for line in drill.stdout), drill.stderr.read()
        (lab,) = tmp_path.glob("registry-drill-*")
        assert len(processes_of(lab)) >= 6
        drill.send_signal(signal.SIGINT)
        _rest, errors = drill.communicate(timeout=60)
    assert drill.returncode == 130
    assert f"removed the lab {lab}" in errors
    assert (lab.exists(), processes_of(lab)) == (False, [])
