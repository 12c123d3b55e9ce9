# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The role registry_alerts: write, again, look only, overrides, remove, and what it refuses."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract.project import ROOT, ansible_environment

PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.include_role:
        name: registry_alerts
        tasks_from: "{{ entry | default('main') }}"
"""
#: several wrong inputs in one run: each is refused by its own call
REFUSED = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.include_tasks: one.yml
      loop: "{{ wrong }}"
"""
ONE = """
- block:
    - ansible.builtin.include_role:
        name: registry_alerts
      vars:
        registry_alerts_folder: "{{ item.folder | default(folder) }}"
        registry_alerts_gitops_folder: "{{ item.gitops | default('') }}"
        registry_alerts_for: "{{ item.for | default({}) }}"
        registry_alerts_thresholds: "{{ item.thresholds | default({}) }}"
        registry_alerts_reload_url: "{{ item.url | default('') }}"
        registry_alerts_namespace: "{{ item.namespace | default('monitoring') }}"
    - ansible.builtin.debug: {msg: "REFUSED {{ item | to_json }}: accepted"}
  rescue:
    - ansible.builtin.debug: {msg: "REFUSED {{ ansible_failed_result.msg }}"}
"""
WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"for": {"RegistryOnFire": "1m"}},
        "registry_alerts_for names RegistryOnFire, and the alerts are RegistryManifestIntegrityFailure, ",
    ),
    ({"for": {"RegistryPinDrifted": "soon"}}, "registry_alerts_for says soon, which is no duration. "),
    ({"for": {"RegistryPinDrifted": 30}}, "registry_alerts_for says 30, which is no duration. "),
    ({"for": {"RegistryPinDrifted": ""}}, "registry_alerts_for says , which is no duration. "),
    ({"thresholds": {"stale": 60}}, "registry_alerts_thresholds names stale, and the thresholds are stale_seconds, "),
    ({"thresholds": {"stale_seconds": "1h"}}, "registry_alerts_thresholds says of stale_seconds what is no number."),
    ({"thresholds": {"stale_seconds": True}}, "registry_alerts_thresholds says of stale_seconds what is no number."),
    ({"folder": ""}, "Nothing says where the alerts go. Set registry_alerts_folder, "),
    ({"folder": "rules"}, "rules is no absolute path. Set registry_alerts_folder, "),
    ({"gitops": "manifests"}, "manifests is no absolute path. Set registry_alerts_folder, "),
    ({"url": "localhost:9090"}, "registry_alerts_reload_url is localhost:9090. "),
    ({"namespace": "Mine"}, "registry_alerts_namespace is Mine. "),
]


def run(folder: Path, variables: dict[str, Any], *options: str, play: str = PLAY) -> tuple[int, str]:
    """Run the play; how many tasks changed something, and what was printed. A run that fails or warns fails the test."""
    (folder / "play.yml").write_text(play, encoding="utf-8")
    command = ["ansible-playbook", "-e", json.dumps(variables), *options, str(folder / "play.yml")]
    ran = subprocess.run(command, cwd=ROOT, env=ansible_environment(), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "WARNING" not in ran.stdout + ran.stderr
    changed = re.search(r"changed=(\d+)", ran.stdout)
    assert changed
    return int(changed[1]), ran.stdout


def rules_of(path: Path) -> dict[str, dict]:
    return {rule["alert"]: rule for rule in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"][0]["rules"]}


def test_look_write_again_and_remove(tmp_path: Path) -> None:
    folder, gitops, reloaded = tmp_path / "rules", tmp_path / "gitops", tmp_path / "reloaded"
    given = {
        "registry_alerts_folder": str(folder),
        "registry_alerts_gitops_folder": str(gitops),
        "registry_alerts_labels": {"release": "kube-prometheus-stack"},
        "registry_alerts_reload_command": ["sh", "-c", f"echo once >> {reloaded}"],
    }
    changed, said = run(tmp_path, given, "--check")
    assert changed > 0
    assert "+      - alert: RegistryPinDrifted" in said
    assert not folder.exists()
    assert not gitops.exists()
    run(tmp_path, given)
    files = folder / "registry-alerts.rules.yml", gitops / "prometheusrule.yaml"
    assert reloaded.read_text() == "once\n"
    before = [path.stat().st_mtime_ns for path in files]
    assert run(tmp_path, given)[0] == 0, "a second run changes nothing"
    assert run(tmp_path, given, "--check")[0] == 0
    assert [path.stat().st_mtime_ns for path in files] == before
    assert reloaded.read_text() == "once\n"

    manifest = yaml.safe_load(files[1].read_text(encoding="utf-8"))
    assert manifest == {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "registry-alerts", "namespace": "monitoring", "labels": {"release": "kube-prometheus-stack"}},
        "spec": yaml.safe_load(files[0].read_text(encoding="utf-8")),
    }
    (folder / "other.rules.yml").write_text("groups: []\n", encoding="utf-8")
    run(tmp_path, {**given, "entry": "absent"}, "--check")
    assert all(path.exists() for path in files)
    run(tmp_path, {**given, "entry": "absent"})
    assert [path.name for path in (*folder.iterdir(), *gitops.iterdir())] == ["other.rules.yml"]
    assert reloaded.read_text() == "once\nonce\n"


def test_what_is_given_replaces_what_is_shipped(tmp_path: Path) -> None:
    given = {
        "registry_alerts_folder": str(tmp_path),
        "registry_alerts_for": {"RegistryIntegrityProbeStale": "2s", "RegistryCatalogInaccessible": "0"},
        "registry_alerts_thresholds": {"stale_seconds": 3, "repositories_ratio": 0.75, "collect_seconds": 60},
        "registry_alerts_runbooks": "https://git.example.com/ours/",
        "registry_alerts_inventory": "inventory/ours",
    }
    run(tmp_path, given)
    rules = rules_of(tmp_path / "registry-alerts.rules.yml")
    stale = rules["RegistryIntegrityProbeStale"]
    assert (stale["for"], stale["expr"]) == ("2s", "time() - registry_manifest_integrity_last_run_timestamp > 3")
    assert str(rules["RegistryCatalogInaccessible"]["for"]) == "0"
    assert rules["RegistryManifestIntegrityFailure"]["for"] == "30m", "what is not named stays"
    assert ") < 0.75 * max by" in rules["RegistryRepositoriesShrank"]["expr"]
    overdue = re.findall(r'job="(\w+)"\}\[10m\]\)\s+> (\d+)', rules["RegistryMaintenanceOverdue"]["expr"])
    assert sorted(set(overdue)) == [("collect", "60"), ("retain", "180000"), ("scan", "180000")]
    told = stale["annotations"]
    assert told["runbook_url"] == "https://git.example.com/ours/docs/runbooks/alerts.md#registryintegrityprobestale"
    assert "`./runbook verify -i inventory/ours -e target=REGISTRY`" in told["description"]


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What is said of each of the wrong inputs, none of which writes anything."""
    folder = tmp_path_factory.mktemp("refused")
    (folder / "one.yml").write_text(ONE, encoding="utf-8")
    given = {"wrong": [wrong for wrong, _words in WRONG], "folder": str(folder / "rules")}
    _changed, said = run(folder, given, play=REFUSED)
    assert not (folder / "rules").exists()
    return re.findall(r"REFUSED (.*?)\s*(?=\n\n|\nTASK|\Z)", said, re.DOTALL)


@pytest.mark.parametrize("number", range(len(WRONG)), ids=[json.dumps(wrong) for wrong, _words in WRONG])
def test_refuses(refusals: list[str], number: int) -> None:
    assert " ".join(refusals[number].split()).startswith(WRONG[number][1])
