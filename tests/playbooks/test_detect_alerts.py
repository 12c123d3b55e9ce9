# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What detect.yml tells the role registry_alerts of an inventory: who is probed, how often what runs, and where the inventory is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contract.project import ROOT, ansible_environment

NAMES = ("instances", "for", "thresholds", "inventory")
LOOK = f"""
- hosts: localhost
  gather_facts: false
  vars_files: [{ROOT}/playbooks/vars/alerts.yml]
  tasks:
    - ansible.builtin.copy:
        content: "{{{{ dict({NAMES} | zip([registry_alerts_instances, registry_alerts_for, registry_alerts_thresholds,
                  registry_alerts_inventory])) | to_json }}}}"
        dest: "{{{{ to }}}}"
        mode: "0644"
"""
REGISTRIES: dict[str, dict[str, Any]] = {
    "private": {"registry_address": "registry.example.com:5050"},
    "named": {"registry_address": "registry.example.com:5060", "probe_instance": "ours"},
    "inside": {"registry_address": "registry.example.com:5070", "probe_address": "10.0.0.1:5070"},
    "cache": {"registry_address": "registry.example.com:5000", "registry_store_mode": "cache"},
}
PROBED = ["registry.example.com:5050", "ours", "10.0.0.1:5070"]


def told(folder: Path, given: dict[str, Any], place: str = "elsewhere", **machines: dict[str, Any]) -> dict[str, Any]:
    """What the role is told, by the name of its input without the prefix. The play is one of a checkout ``folder / "ours"``."""
    inventory, playbook = folder / place / "hosts.json", folder / "ours" / "playbooks" / "look.yml"
    for path in (inventory, playbook):
        path.parent.mkdir(parents=True, exist_ok=True)
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    groups: dict[str, Any] = {"registries": {"hosts": REGISTRIES}, "ungrouped": {"hosts": {"localhost": local}}}
    inventory.write_text(json.dumps({**groups, **({"registry_vms": {"hosts": machines}} if machines else {})}), encoding="utf-8")
    playbook.write_text(LOOK, encoding="utf-8")
    variables = json.dumps({**given, "to": str(folder / "told.json")})
    command = ["ansible-playbook", "-i", str(inventory.parent), "-e", variables, str(playbook)]
    ran = subprocess.run(command, cwd=folder, env=ansible_environment(), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found: dict[str, Any] = json.loads((folder / "told.json").read_text(encoding="utf-8"))
    return found


def test_what_is_shipped_stays_where_schedules_are_those_that_are_shipped(tmp_path: Path) -> None:
    assert told(tmp_path, {}, vm={}) == {"instances": PROBED, "for": {}, "thresholds": {}, "inventory": "inventory/mine"}


def test_what_nobody_probes_is_not_missed(tmp_path: Path) -> None:
    assert told(tmp_path, {})["instances"] == []
    assert told(tmp_path, {"probe_kubernetes": {"folder": "/manifests"}})["instances"] == PROBED


def test_a_slow_probe_gets_more_time(tmp_path: Path) -> None:
    found = told(tmp_path, {}, vm={"probe_minutes": 30}, other={})
    assert found["for"] == {
        "RegistryRepositoriesShrank": "35m",
        "RegistryRepositoryShrank": "45m",
        "RegistryIntegrityProbeAbsent": "45m",
    }
    assert found["thresholds"] == {"gap_seconds": 2700}
    own = told(
        tmp_path,
        {"alerts_for": {"RegistryRepositoriesShrank": "2h"}, "alerts_thresholds": {"gap_seconds": 1}},
        vm={"probe_minutes": 30},
    )
    assert (own["for"]["RegistryRepositoriesShrank"], own["thresholds"]) == ("2h", {"gap_seconds": 1}), "what is given counts"


@pytest.mark.parametrize(
    ("machines", "expected"),
    [
        ({"vm": {"maintain_retain_at": "Sun 02:00"}}, {"retain_seconds": 691200}),
        ({"vm": {}, "other": {"maintain_scan_at": "Mon 05:00"}}, {"scan_seconds": 691200}),
        ({"vm": {"maintain_collect_at": "03:00"}}, {"collect_seconds": 180000}),
        ({"vm": {"maintain_collect_at": "03:00"}, "other": {}}, {}),
        ({"vm": {"maintain_retain_at": "04:00", "maintain_collect_at": "Sat 03:00"}}, {}),
    ],
)
def test_windows_follow_the_days_of_the_schedule(tmp_path: Path, machines: dict[str, Any], expected: dict[str, int]) -> None:
    assert told(tmp_path, {}, **machines)["thresholds"] == expected


def test_the_inventory_is_named_as_others_have_it(tmp_path: Path) -> None:
    assert told(tmp_path, {}, "ours/inventory/the one")["inventory"] == "'inventory/the one'"
    assert told(tmp_path, {}, "ours-too")["inventory"] == "inventory/mine"
    assert told(tmp_path, {"alerts_inventory": "inventory/theirs"}, "ours/inventory/one")["inventory"] == "inventory/theirs"
