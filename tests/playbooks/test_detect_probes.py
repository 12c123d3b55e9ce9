# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""detect.yml with several hosts: each registry is probed from one place, and from everywhere else the probe goes away."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contract.project import ROOT, ansible_environment

PUSHGATEWAY = {"probe_pushgateway": {"url": "http://pushgateway:9091"}}
LOOK = f"""
- hosts: all
  gather_facts: false
  vars_files: [{ROOT}/playbooks/vars/probe.yml]
  tasks:
    - ansible.builtin.debug: {{msg: ["SEEN {{{{ [inventory_hostname, registry_probe_registries] | to_json | b64encode }}}}"]}}
"""
VMS = {"vm-a": {}, "vm-b": {}}
REGISTRIES = {
    "one": {"registry_address": "one.example.com", "registry_vm": "vm-a", "registry_ca_path": "/opt/registry/tls/ca.pem"},
    "two": {"registry_address": "two.example.com", "registry_vm": "vm-b"},
    "three": {"registry_address": "three.example.com"},
    "cache": {"registry_address": "cache.example.com", "registry_vm": "vm-b", "registry_store_mode": "cache"},
}


def inventory(folder: Path, registries: dict[str, Any] = REGISTRIES, **groups: dict[str, Any]) -> Path:
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    whole: dict[str, Any] = {name: {"hosts": hosts} for name, hosts in groups.items()}
    whole |= {"registries": {"hosts": registries}, "ungrouped": {"hosts": {"localhost": local}}, "all": {"vars": local}}
    (folder / "hosts.json").write_text(json.dumps(whole), encoding="utf-8")
    return folder / "hosts.json"


def shares(folder: Path, given: dict[str, Any], **groups: Any) -> dict[str, dict[str, str]]:
    """What each host probes, with the file of certificates that it is told of."""
    (folder / "look.yml").write_text(LOOK, encoding="utf-8")
    command = ["ansible-playbook", "-i", str(inventory(folder, **groups)), "-e", json.dumps(given), str(folder / "look.yml")]
    ran = subprocess.run(command, cwd=ROOT, env=ansible_environment(), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    seen = [json.loads(base64.b64decode(found)) for found in re.findall(r"SEEN (\S+)", ran.stdout)]
    return {host: {each["name"]: each["ca_path"] for each in found} for host, found in seen if found}


def test_each_machine_probes_its_own_and_the_first_one_the_rest(tmp_path: Path) -> None:
    assert shares(tmp_path, {}, registry_vms=VMS) == {
        "vm-a": {"one": "/opt/registry/tls/ca.pem", "three": ""},
        "vm-b": {"two": ""},
    }


def test_hosts_that_are_to_probe_take_all_of_it(tmp_path: Path) -> None:
    assert shares(tmp_path, {}, registry_vms=VMS, registry_probes={"p": {}, "q": {}}) == {
        "p": {"one": "", "two": "", "three": ""}
    }


def test_a_registry_says_who_probes_it(tmp_path: Path) -> None:
    registries = {**REGISTRIES, "three": {"registry_address": "three.example.com", "probe_from": "vm-b"}}
    found = shares(tmp_path, {}, registries=registries, registry_vms=VMS)
    assert {host: list(each) for host, each in found.items()} == {"vm-a": ["one"], "vm-b": ["two", "three"]}


def test_an_empty_group_of_probes_is_none(tmp_path: Path) -> None:
    assert set(shares(tmp_path, {}, registry_vms=VMS, registry_probes={})) == {"vm-a", "vm-b"}


def test_kubernetes_takes_all_of_it(tmp_path: Path) -> None:
    given = {"probe_kubernetes": {"folder": "/manifests"}}
    assert shares(tmp_path, given, registry_vms=VMS) == {}
    assert list(shares(tmp_path, {**given, "registry_probe_place": "kubernetes"}, registry_vms=VMS)["localhost"]) == [
        "one",
        "two",
        "three",
    ]


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "two places": (
        {"probe_kubernetes": {"folder": "/manifests"}},
        {"registry_vms": VMS, "registry_probes": {"p": {}}},
        "Both the group registry_probes and probe_kubernetes are there.",
    ),
    "a host that does not probe": (
        {"probe_from": "elsewhere"},
        {"registry_vms": VMS},
        "probe_from of one, two, three names a host that does not probe. Those that do are vm-a, vm-b:",
    ),
    "certificates of another host": (
        {},
        {"registry_vms": VMS, "registry_probes": {"p": {}}},
        "one: registry_ca_path is a file of the registry's own machine, and the probe runs elsewhere (p), ",
    ),
    "certificates that Kubernetes has not": (
        {"probe_kubernetes": {"folder": "/manifests"}},
        {"registry_vms": VMS},
        "one: registry_ca_path is a file of the registry's own machine, and the probe runs elsewhere (kubernetes), ",
    ),
}


@pytest.mark.parametrize(("given", "groups", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_meant_is_refused_once(play, tmp_path, given, groups, said):
    done = play("detect", {**PUSHGATEWAY, **given}, inventory=inventory(tmp_path, **groups), check=True)
    assert (done.rc, len(done.failures), done.changed) == (2, 1, 0), done.stdout
    assert " ".join(done.failures[0].split()).startswith(said)


def test_certificates_as_text_or_as_a_file_of_the_prober_are_taken(tmp_path: Path) -> None:
    found = shares(tmp_path, {"probe_ca_path": "/etc/ssl/ours.pem"}, registry_vms=VMS, registry_probes={"p": {}})
    assert found == {"p": dict.fromkeys(("one", "two", "three"), "/etc/ssl/ours.pem")}


def test_who_has_none_loses_the_probe(play, tmp_path):
    """In check mode: the role would remove it, where it does not fail for want of registries."""
    home = tmp_path / "probe"
    home.mkdir()
    (home / ".registry-probe").touch()
    given = {**PUSHGATEWAY, "probe_home": str(home), "registry_maintenance_home": str(tmp_path / "maintenance")}
    registries = {"one": {"registry_address": "one.example.com", "registry_vm": "vm-a", "registry_scheme": "http"}}
    machines = inventory(tmp_path, registries, registry_vms={"vm-a": {}}, registry_probes={"p": {}})
    done = play("detect", given, inventory=machines, check=True)
    assert (done.rc, done.failures) == (0, []), done.stdout
    assert "vm-a: no probe here, p probes" in done.text
    assert "p: plan (check mode: nothing was changed): every 15 minutes" in done.text
    assert re.search(rf"changed: \[vm-a\] => \(item={re.escape(str(home))}\)", done.stdout), done.stdout
