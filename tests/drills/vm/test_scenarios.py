# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Each scenario breaks a machine, and the project's own playbooks find exactly that. ``RUNBOOK_ACTS=all`` repairs and proves it, too."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab.errors import LabError
from ansible.module_utils.registry_lab.vm.rehearsal import act, rehearse
from ansible.module_utils.registry_lab.vm.scenarios import SCENARIOS, Stage
from ansible.module_utils.registry_lab.vm.scenarios.ci_image import broken_ci_image

from contract.project import ROOT
from modules.vm_lab.traces import traces
from plugins.modules import RunModule
from plugins.vm import RunningVm

pytestmark = pytest.mark.slow
#: what an operator might take for broken images; of the others the first look is enough here, the drill plays them whole
TOLD_APART = ("registry-down", "credentials-expired")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_was_broken_is_found(new_vm_lab: Callable[..., RunningVm], scenario: str) -> None:
    vm = new_vm_lab()
    truth = rehearse(str(vm.folder), scenario, str(ROOT))
    assert truth["broken"] and truth["found"]
    stages = [one["stage"] for one in truth["acts"]]
    assert list(dict.fromkeys(stages)) == ["detect", "diagnose", "repair", "prove", "again"]
    finding = ("detect", "diagnose") if scenario in TOLD_APART else ("detect",)
    for number, stage in enumerate(stages):
        if stage in finding or os.environ.get("RUNBOOK_ACTS") == "all":
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


def test_the_image_of_the_ci_is_lost_and_can_be_built_again(new_vm_lab: Callable[..., RunningVm], run_module: RunModule) -> None:
    vm = new_vm_lab()
    stage = Stage(vm.parts, str(ROOT))
    made = broken_ci_image(stage, f"{vm.addresses['registry-private']}/infra-ci:latest")
    assert stage.images() == [("registry-private", f"infra-ci:{made.commit[:7]}"), ("registry-private", "infra-ci:latest")]
    scan = run_module("registry_store_info", path=str(vm.stores["registry-private"]))
    assert len(made.findings) == 2  # its platform and its attestation
    assert {one["digest"] for one in scan["findings"] if one["severity"] != "info"} == {one["digest"] for one in made.findings}
    workflow = Path(made.source, ".woodpecker", "build-ci-image.yml").read_text(encoding="utf-8")
    assert f"image: {vm.addresses['registry-private']}/infra-ci:latest" in workflow
    vm.docker("build", "--quiet", made.source)
