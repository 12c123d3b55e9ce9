# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Each scenario breaks a machine, and the project's own playbooks find exactly that. ``RUNBOOK_ACTS=all`` repairs and proves it, too."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from ansible.module_utils.registry_lab.errors import LabError
from ansible.module_utils.registry_lab.vm.rehearsal import act, rehearse
from ansible.module_utils.registry_lab.vm.scenarios import SCENARIOS

from contract.project import ROOT
from modules.vm_lab.traces import traces
from plugins.vm import RunningVm

pytestmark = pytest.mark.slow
FINDING = ("detect", "diagnose")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_was_broken_is_found(new_vm_lab: Callable[..., RunningVm], scenario: str) -> None:
    vm = new_vm_lab()
    truth = rehearse(str(vm.folder), scenario, str(ROOT))
    assert truth["broken"] and truth["found"]
    stages = [one["stage"] for one in truth["acts"]]
    assert list(dict.fromkeys(stages)) == ["detect", "diagnose", "repair", "prove", "again"]
    for number, stage in enumerate(stages):
        if stage in FINDING or os.environ.get("RUNBOOK_ACTS") == "all":
            assert act(str(vm.folder), number, str(ROOT))["problem"] == ""


def test_a_machine_that_is_whole_is_not_what_the_acts_expect(new_vm_lab: Callable[..., RunningVm]) -> None:
    """An act judges what it sees: where the break is undone behind its back, it fails. A lab is broken once."""
    vm = new_vm_lab()
    first = rehearse(str(vm.folder), "registry-down", str(ROOT))
    assert rehearse(str(vm.folder), "registry-down", str(ROOT)) == {**first, "changed": False}
    with pytest.raises(LabError, match="holds scenario registry-down, not wrong-pin"):
        rehearse(str(vm.folder), "wrong-pin", str(ROOT))
    vm.compose("up", "--detach", "--wait", "--no-recreate")
    done = act(str(vm.folder), 0, str(ROOT))
    assert "ended with 0, not 2" in done["problem"] and "says 'HEALTHY'" in done["problem"]


def test_a_machine_that_was_stopped_comes_back_as_it_was(new_vm_lab: Callable[..., RunningVm]) -> None:
    vm = new_vm_lab()
    vm.compose_path.write_text(vm.compose_path.read_text() + "# by hand\n")
    assert vm.lab.stop()
    assert [one for one in traces(vm.name, str(vm.folder)) if one.startswith(("process", "mount", "link"))] == []
    assert "services" in vm.lab.missing()
    vm.lab.up()
    assert vm.lab.missing() == []
    assert vm.compose_path.read_text().endswith("# by hand\n")
    vm.ssh(["docker", "inspect", vm.container("registry-private")])
