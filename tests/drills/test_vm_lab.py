# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``playbooks/lab.yml`` and ``./runbook lab``: a machine to play with comes, is described, is worked on as a real one, and goes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab.vm.lab import VmLab

from contract.project import ROOT
from modules.vm_lab.traces import traces
from playbooks.running import Outcome, run_playbook
from plugins.vm import RunningVm, fit_or_skip


@pytest.fixture
def folder() -> Iterator[Path]:
    """A path where a lab may be made; whatever is there is removed at the end."""
    above = tempfile.mkdtemp(prefix="vm-")
    fit_or_skip(f"{above}/lab")
    yield Path(above, "lab")
    VmLab(f"{above}/lab").down()
    shutil.rmtree(above)


def test_the_playbook_in_check_mode_and_twice(folder: Path, tmp_path: Path) -> None:
    def play(state: str, check: bool = False) -> Outcome:
        outcome = run_playbook("lab", tmp_path, {"lab_folder": str(folder), "lab_state": state}, check=check)
        assert outcome.rc == 0, outcome.stdout
        return outcome

    assert "there is no lab" in play("described").stdout
    assert (play("present", check=True).changed, folder.exists()) == (1, False)
    assert play("present").changed == 1
    assert [play("present", check=True).changed, play("present").changed] == [0, 0]
    assert "all of it runs" in play("described").stdout
    assert (play("absent", check=True).changed, folder.exists()) == (1, True)
    name = VmLab(str(folder)).parts().vm.name
    assert [play("absent").changed, play("absent").changed] == [1, 0]
    assert traces(name, str(folder)) == []


def test_the_lines_that_it_prints_work(vm_lab: RunningVm, tmp_path: Path) -> None:
    """Over SSH with the printed inventory and nothing else; the shared connection is used and stays in the lab."""
    for name, target in (("diagnose", "registry-private"), ("verify", "registry-private"), ("diagnose", "registry-quay")):
        outcome = run_playbook(name, tmp_path, {"target": target}, inventory=vm_lab.inventory)
        assert outcome.rc == 0, outcome.stdout
        assert "HEALTHY" in outcome.text
    assert (vm_lab.folder / "ssh" / "control").is_socket()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_command_leaves_what_down_removes(folder: Path, tmp_path: Path, ending: signal.Signals) -> None:
    making = subprocess.Popen(
        runbook("lab", "up", folder), env=environment(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not (folder / "opt" / "registry" / "docker-compose.yml").exists():
        assert making.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    making.send_signal(ending)
    assert making.wait(60) in (130, -signal.SIGKILL)
    removed(folder, tmp_path)


def removed(folder: Path, tmp_path: Path) -> None:
    """``./runbook lab down`` removes the lab, at once or when a run that was left behind is through."""
    name = VmLab(str(folder)).parts().vm.name
    deadline = time.monotonic() + 60
    while subprocess.run(runbook("lab", "down", folder), env=environment(tmp_path), capture_output=True, check=False).returncode:
        assert time.monotonic() < deadline
    assert traces(name, str(folder)) == []


def runbook(command: str, what: str, folder: Path) -> list[str]:
    return [str(ROOT / "runbook"), command, what, "-e", f"lab_folder={folder}"]


def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "RUNBOOK_STATE": str(tmp_path / "state")}


def test_an_unknown_word_is_refused(tmp_path: Path) -> None:
    for words in (["lab"], ["lab", "upp"]):
        outcome = subprocess.run(
            [str(ROOT / "runbook"), *words], env=environment(tmp_path), capture_output=True, text=True, check=False
        )
        assert (outcome.returncode, outcome.stderr) == (2, "runbook: lab: say one of up, status, down. See ./runbook help\n")
