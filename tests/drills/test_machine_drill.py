# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``./runbook drill -e target=machine``: passes and leaves nothing; one that is sabotaged fails, keeps its evidence, and nothing of it runs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.process import RegistryProcess
from ansible.module_utils.registry_lab.vm.lab import VmLab

from contract.project import ROOT, load_yaml
from drills.watching import wait_for_task
from modules.vm_lab.traces import traces
from playbooks.running import Outcome, run_playbook
from plugins.vm import fit_or_skip

pytestmark = pytest.mark.slow
MACHINE = load_yaml(ROOT / "inventory" / "lab" / "drill.yml")["machine"]["hosts"]


@pytest.fixture
def labs() -> Iterator[Path]:
    """A short path, since there are sockets in a lab; whatever is there is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="vm-"))
    fit_or_skip(f"{folder}/lab")
    yield folder
    for lab in folder.glob("*-vm*"):
        VmLab(str(lab)).down()
    shutil.rmtree(folder)


def lab_of(labs: Path, host: str) -> Path:
    """Where the lab of a host is."""
    return labs / f"d-vm{list(MACHINE).index(host)}"


def drill(labs: Path, tmp_path: Path, host: str, **options: Any) -> Outcome:
    return run_playbook("drill", tmp_path, {"target": host, "drill_folder": str(labs / "d")}, **options)


def test_it_passes_and_leaves_nothing_behind(labs: Path, tmp_path: Path) -> None:
    outcome = drill(labs, tmp_path, "drill-mirror-restore")
    assert (outcome.rc, outcome.failures, outcome.findings) == (0, [], None), outcome.stdout
    assert "DRILL: PASS, 1 of 1 scenarios" in outcome.text
    assert list(labs.iterdir()) == []
    (clock,) = outcome.report["results"][0]["clocks"].values()
    assert list(clock) == ["detect", "diagnose", "repair", "prove"]
    assert 0 < clock["detect"] < clock["diagnose"] < clock["repair"] < clock["prove"]


def test_a_source_that_ends_fails_it_and_the_evidence_is_kept(labs: Path, tmp_path: Path) -> None:
    lab = lab_of(labs, "drill-mirror-restore")

    def sabotage(event: dict[str, Any]) -> bool:
        if event.get("event") == "runner_on_ok" and event["event_data"].get("task") == "Break it":
            RegistryProcess.attach(str(lab / "mirror")).stop()
        return True

    outcome = drill(labs, tmp_path, "drill-mirror-restore", handler=sabotage)
    assert (outcome.rc, outcome.findings) == (2, 1)
    assert "DRILL: FAIL, 0 of 1 scenarios" in outcome.text
    assert f"./runbook lab up -e lab_folder={lab} starts it again" in outcome.text
    assert (lab / "scenario.json").is_file() and list((lab / "acts").glob("*-diagnose/output.txt"))
    name = VmLab(str(lab)).parts().vm.name
    assert [one for one in traces(name, str(lab)) if one.startswith(("process", "mount", "link"))] == []


def test_where_no_machine_can_be_made_it_is_said_in_one_line(labs: Path, tmp_path: Path) -> None:
    deep = labs / ("x" * 70)
    outcome = drill(deep, tmp_path, "drill-registry-down")
    assert (outcome.rc, outcome.findings) == (2, 1)
    assert "FAILED    Make a machine: " in outcome.text and "too long for sockets in it" in outcome.text
    assert "evidence" not in outcome.text and not deep.exists()


def made() -> set[Path]:
    """The machines of all drills."""
    return set(Path("/tmp").glob(f"registry-drill-*-vm{list(MACHINE).index('drill-registry-down')}"))  # noqa: S108


def begun(playing: bool, before: set[Path]) -> Path:
    """A new lab, once it has begun, or once a playbook runs against it."""
    deadline = time.monotonic() + 120
    while True:
        for lab in made() - before:
            if (lab / ("acts/playbook.pid" if playing else "vm.json")).exists():
                return lab
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("after", ["Look whether something is in the way", "Break it"])
def test_an_interrupted_drill_leaves_nothing_behind(labs: Path, tmp_path: Path, after: str) -> None:
    """While the machine is being made, and in the middle of a playbook that is run against it."""
    environment = {**os.environ, "TMPDIR": "/tmp", "RUNBOOK_STATE": str(tmp_path), "PYTHONPATH": str(ROOT / "src")}  # noqa: S108
    command = [sys.executable, "-m", "runbook", "drill", "-e", "target=drill-registry-down"]
    before = made()
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        wait_for_task(run, after, tmp_path)
        lab = begun(after == "Break it", before)
        run.send_signal(signal.SIGINT)
        _rest, errors = run.communicate(timeout=180)
    assert (run.returncode, f"removed the lab {lab}" in errors) == (130, True), errors
    assert not lab.exists()
    assert traces(lab.name, str(lab)) == []
