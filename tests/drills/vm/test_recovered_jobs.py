# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""recover stops what collects by the clock before it begins; what breaks images stays off, the rest is started again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.oci_registry.apply.hold import Hold, write_hold
from ansible.module_utils.oci_registry.apply.holder import Holder
from ansible.module_utils.oci_registry.apply.moment import now
from ansible.module_utils.oci_registry.apply.workplace import Workplace
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.vm.legacy import CRON_FILE, put_legacy_jobs
from ansible.module_utils.registry_lab.vm.scenarios import Stage

from contract.project import ROOT
from playbooks.running import run_playbook
from plugins.vm import RunningVm

pytestmark = pytest.mark.slow


def test_only_what_breaks_images_stays_off(new_vm_lab: Callable[..., RunningVm], tmp_path: Path) -> None:
    vm = new_vm_lab()
    stage = Stage(vm.parts, str(ROOT))
    put_legacy_jobs(stage.vm, stage.on_machine)
    plain = (
        f"30 4 * * 6 root docker exec {vm.container('registry-private')} registry garbage-collect /etc/docker/registry/config.yml"
    )
    vm.ssh(["sh", "-c", f"echo '{plain}' >>{CRON_FILE}"])
    before = active(vm)
    damage("child-link-gone", str(vm.stores["registry-private"]), "shop/api", "v1.0.0")

    planned = recover(vm, tmp_path, check=True)
    assert planned.rc == 0 and active(vm) == before
    assert len(planned.report["results"][0]["jobs_left_off"]) == len(before)

    another = Workplace.of_store(str(vm.stores["registry-ghcr"]))
    another.folder()
    write_hold(another, Hold((Holder("elsewhere", now(), "somebody", "it is broken", left=True),)))
    waits = recover(vm, tmp_path)
    assert (waits.rc, active(vm)) == (0, []), waits.stdout
    assert "jobs of the machine stay off while this store of it is held, too: " in waits.text
    # the other registry of the play has nothing to repair, and starts nothing that the first one has to leave off
    for result in waits.report["results"]:
        assert {job["text"] for job in result["jobs_left_off"]} == set(before)
    named = json.dumps([waits.report["results"][0]["jobs_left_off"][0]["name"]])
    assert f"""-e target=registry-vm -e '{{"maintain_bring_back": {named}}}'""" in waits.text
    write_hold(another, None)
    done = recover(vm, tmp_path)
    assert done.rc == 0, done.stdout
    assert active(vm) == [plain]


def active(vm: RunningVm) -> list[str]:
    """Lines of the crontab that cron would run."""
    lines = vm.ssh(["cat", CRON_FILE]).stdout.splitlines()
    return [line for line in lines if line.strip() and not line.startswith(("#", "PATH="))]


def recover(vm: RunningVm, folder: Path, *, check: bool = False) -> Any:
    """The playbook, as AWX runs it."""
    return run_playbook("recover", folder, {"target": "registry-private:registry-quay"}, check=check, inventory=vm.inventory)
