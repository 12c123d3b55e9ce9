# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""drill.yml passes on every registry of this machine and leaves nothing; one that is sabotaged fails and keeps its evidence."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab.folder import LabFolder
from ansible.module_utils.registry_lab.scenarios import SCENARIOS

from playbooks.running import run_playbook
from plugins.processes import processes_of


@pytest.fixture
def labs(tmp_path):
    """Where the labs of a drill go: ``<prefix>-<scenario>``; what is left there is removed at the end."""
    folder = tmp_path / "labs"
    folder.mkdir()
    yield folder / "drill"
    for left in folder.iterdir():
        LabFolder(str(left)).remove()


@pytest.fixture
def drill(tmp_path, labs):
    """``drill(**variables)`` runs it."""
    folder = tmp_path / "runs"
    folder.mkdir()

    def run(handler=None, **variables):
        return run_playbook("drill", folder, {"drill_folder": str(labs), **variables}, handler=handler)

    return run


def after(task, host, sabotage):
    """An event handler that calls ``sabotage`` as soon as a task ended well on a host."""

    def handler(event):
        about = event.get("event_data", {})
        if event.get("event") == "runner_on_ok" and (about.get("task"), about.get("host")) == (task, host):
            sabotage()
        return True

    return handler


def test_all_scenarios_pass_and_leave_nothing_behind(drill, labs, registry_binary):
    outcome = drill(drill_binary=registry_binary)
    assert (outcome.rc, outcome.failures, outcome.findings) == (0, [], None), outcome.stdout
    assert f"DRILL: PASS, {len(SCENARIOS)} of {len(SCENARIOS)} scenarios" in outcome.text
    assert list(labs.parent.iterdir()) == []
    assert processes_of(labs.parent) == []
    clocks = outcome.report["results"][0]["clocks"]
    assert set(clocks) == set(SCENARIOS)
    for clock in clocks.values():
        assert list(clock) == ["detect", "diagnose", "repair", "prove"]
        assert 0 <= clock["detect"] <= clock["diagnose"] <= clock["repair"] <= clock["prove"]


def test_a_source_that_vanishes_fails_the_drill_and_the_evidence_is_kept(drill, labs):
    lab = Path(f"{labs}-damaged-blobs")
    vanish = after("Fill a registry, and break it", "drill-damaged-blobs", lambda: shutil.rmtree(lab / "layout"))
    outcome = drill(vanish, target="drill-damaged-blobs")
    assert outcome.rc == 2
    assert outcome.findings == 1  # exit code 1 of the console
    assert "DRILL: FAIL, 0 of 1 scenarios" in outcome.text
    assert "holds no OCI image layout" in outcome.text
    assert str(lab) in outcome.text
    assert (lab / "scenario.json").is_file()
    assert (lab / "registry" / "registry.log").is_file()
    assert (lab / "registry" / "data" / "docker").is_dir()
    assert processes_of(labs.parent) == []


def test_damage_after_the_repair_fails_the_proof(drill, labs):
    lab = Path(f"{labs}-unlinked")

    def spoil():
        for path in sorted((lab / "registry" / "data").glob("**/blobs/sha256/*/*/data")):
            os.truncate(path, 0)

    outcome = drill(after("Repair what digests can repair", "drill-unlinked", spoil), target="drill-unlinked")
    assert (outcome.rc, outcome.findings) == (2, 1)
    assert "the proof failed" in outcome.text
    assert lab.is_dir()


def test_without_a_registry_there_is_one_clear_message(drill, labs):
    outcome = drill(drill_binary="/no/such/registry", target="drill-unlinked")
    assert (outcome.rc, outcome.findings) == (2, 1)
    assert "'/no/such/registry' is no program that can be run" in outcome.text
    assert list(labs.parent.iterdir()) == []
    assert processes_of(labs.parent) == []


def test_it_refuses_check_mode(tmp_path):
    outcome = run_playbook("drill", tmp_path, {}, check=True)
    assert outcome.rc == 2
    assert "throw-away registries only" in outcome.failures[0]
