# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""maintain.yml is killed at random moments, on the controller and on the machine; one more run puts all in order, and nothing is lost.

``RUNBOOK_KILLS`` says how many times (2 without it), ``RUNBOOK_SEED`` which moments: the seed of a failed test is in its output.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab.vm.private import inhabitants

from contract.project import ROOT, ansible_environment
from drills.vm.shelf import Shelf
from playbooks.running import run_playbook
from plugins.vm import RunningVm

KILLS = int(os.environ.get("RUNBOOK_KILLS", "2"))
SEED = int(os.environ.get("RUNBOOK_SEED") or random.randrange(1 << 32))
pytestmark = pytest.mark.slow
VARIABLES = {"target": "registry-private", "maintain_rules": {"keep_newest": 3, "untagged_grace": 0}}


def test_one_more_run_puts_all_in_order(new_vm_lab: Callable[..., RunningVm], tmp_path: Path) -> None:
    vm = new_vm_lab()
    shelf = Shelf(vm)
    moments = random.Random(SEED)
    began = time.monotonic()
    assert run_playbook("maintain", tmp_path, VARIABLES, inventory=vm.inventory).rc == 0
    seconds = time.monotonic() - began
    for kill in range(KILLS):
        shelf.retain(3)
        shelf.push("infra-ci", "latest", f"{SEED} {kill}")
        shelf.delete("infra-ci", shelf.push("infra-ci", "mistake", f"mistake {SEED} {kill}").digest)
        killed_run(vm, moments.uniform(0, seconds), on_machine=kill % 2 == 1)
        outcome = run_playbook("maintain", tmp_path, VARIABLES, inventory=vm.inventory)
        assert (outcome.rc, outcome.findings or 0) == (0, 0), f"seed {SEED}\n{outcome.stdout}"
        shelf.retain(3)
        assert shelf.served() == shelf.tags, f"seed {SEED}"
        report = shelf.pull_everything()
        assert (report.findings, report.problems) == ([], []), f"seed {SEED}"


def killed_run(vm: RunningVm, after: float, on_machine: bool) -> None:
    """Start the playbook and kill it after so many seconds: with all its children on the controller, or its modules on the machine."""
    command = ["ansible-playbook", "-i", str(vm.inventory), "-e", json.dumps(VARIABLES), str(ROOT / "playbooks" / "maintain.yml")]
    with subprocess.Popen(
        command, env=ansible_environment(), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as play:
        with contextlib.suppress(subprocess.TimeoutExpired):
            play.wait(after)
        if on_machine:
            while play.poll() is None and not kill_modules(vm):
                time.sleep(0.01)
            play.wait(600)
        elif play.poll() is None:
            os.killpg(play.pid, signal.SIGKILL)


def kill_modules(vm: RunningVm) -> int:
    """Kill every Python on the machine of this lab: what Ansible runs there; how many processes that were."""
    killed = 0
    for pid in inhabitants(f"{vm.name}-ssh"):
        with contextlib.suppress(OSError):
            if b"python" in Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0]:
                os.kill(pid, signal.SIGKILL)
                killed += 1
    return killed
