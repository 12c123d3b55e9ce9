# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``./runbook drill -e target=monitoring``: passes and measures, keeps the evidence where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.binaries import binaries
from ansible.module_utils.registry_lab.folder import LabFolder

from playbooks.running import run_playbook
from plugins.processes import processes_of

pytestmark = [pytest.mark.xdist_group("watched"), pytest.mark.usefixtures("fit_for_monitoring")]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Path]:
    """Where the lab of the drill will be; it is removed at the end."""
    folder = tmp_path / "labs" / "drill-detection"
    folder.parent.mkdir()
    yield folder
    LabFolder(str(folder)).remove()


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
    assert "shipped   at most 1 h 4 min from a break to the page" in outcome.text
    assert "15m until the probe looks again" in outcome.text
    assert (lab.exists(), processes_of(lab)) == (False, [])


@pytest.mark.parametrize("task", ["Break an image as in the incident", "Stop the registry"])
def test_where_it_fails_the_evidence_is_kept_and_nothing_runs(lab: Path, tmp_path: Path, task: str) -> None:
    def sabotage(event: dict[str, Any]) -> bool:
        about = event.get("event_data", {})
        if event.get("event") == "runner_on_ok" and about.get("task") == task:
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


def test_what_another_run_left_is_refused_and_stays(lab: Path, tmp_path: Path) -> None:
    LabFolder(str(lab)).make()
    outcome = run_playbook("drill", tmp_path, {"target": "monitoring", "drill_folder": str(lab.parent / "drill")})
    assert (outcome.rc, outcome.findings) == (2, 1)
    assert f"{lab} exists. Name a folder that does not, or remove this one" in outcome.text
    assert "evidence" not in outcome.text and lab.exists()


def test_without_a_registry_there_is_one_clear_message_and_no_half_a_lab(lab: Path, tmp_path: Path) -> None:
    given = {"target": "monitoring", "drill_folder": str(lab.parent / "drill"), "drill_binary": "/no/such/registry"}
    outcome = run_playbook("drill", tmp_path, given)
    assert (outcome.rc, outcome.findings) == (2, 1)
    assert "'/no/such/registry' is no program that can be run" in outcome.text
    assert not lab.exists()
