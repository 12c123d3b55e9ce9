# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""detect.yml: everything that notices damage from one inventory; check, do, check again, do again; and that it works."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.scheduled_jobs.crontab import SYSTEM, entries

from modules.probe.conftest import pushgateway  # noqa: F401
from modules.woodpecker_workflow.conftest import INCIDENT

HOME = "/usr/local/lib/registry-probe"  # where a lab has a view of its own, and every user may go


@pytest.fixture
def gitops(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """An inventory without machines, all of it on the controller, and what detect.yml is asked for."""
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    registry = {"registry_address": "registry.example.com:5050", "registry_username": "ci", "registry_password": "geheim"}
    cache = {"registry_address": "registry.example.com:5000", "registry_store_mode": "cache"}
    inventory = {
        "registries": {"hosts": {"registry-private": registry, "registry-ghcr": cache}},
        "prometheus": {"hosts": {"monitor": local}},
        "ungrouped": {"hosts": {"localhost": local}},
    }
    (tmp_path / "hosts.json").write_text(json.dumps(inventory), encoding="utf-8")
    checkout = tmp_path / "checkout"
    (checkout / ".woodpecker").mkdir(parents=True)
    (checkout / ".woodpecker" / "build.yml").write_text(INCIDENT, encoding="utf-8")
    return tmp_path / "hosts.json", {
        "probe_kubernetes": {"folder": str(tmp_path / "probe")},
        "probe_pushgateway": {"url": "http://pushgateway.monitoring:9091"},
        "ci_verification_privileged_plugins": ["woodpeckerci/plugin-docker-buildx"],
        "alerts_folder": str(tmp_path / "rules"),
        "alerts_dashboard_folder": str(tmp_path / "dashboards"),
        "alerts_gitops_folder": str(tmp_path / "alerts"),
        "ci_checkouts": [
            {
                "checkout": str(checkout),
                "file": ".woodpecker/build.yml",
                "branches": ["master"],
                "secrets": {"username": "registry_user", "password": "registry_password"},
            }
        ],
    }


def made(folder: Path) -> dict[str, bytes]:
    found = [path for name in ("probe", "rules", "dashboards", "alerts", "checkout") for path in (folder / name).rglob("*")]
    return {str(path): path.read_bytes() for path in sorted(found) if path.is_file()}


def test_all_that_is_rendered(gitops, play, tmp_path):
    inventory, variables = gitops
    before = made(tmp_path)
    looked = play("detect", variables, inventory=inventory, check=True)
    assert (looked.rc, looked.failures) == (0, []), looked.stdout
    assert made(tmp_path) == before, "check mode writes nothing"
    done = play("detect", variables, inventory=inventory)
    assert (done.rc, done.failures) == (0, []), done.stdout
    names = {str(Path(name).relative_to(tmp_path)) for name in made(tmp_path)}
    assert {
        "rules/registry-alerts.rules.yml",
        "dashboards/registry-health.json",
        "alerts/prometheusrule.yaml",
        "alerts/dashboard-configmap.yaml",
        "checkout/ci/registry-doctor.pyz",
    } <= names
    manifests = [name for name in names if name.startswith("probe/")]
    assert [name for name in manifests if "registry-private" in name]
    assert not [name for name in manifests if "ghcr" in name], "a cache is not probed"
    assert not [name for name, content in made(tmp_path).items() if b"geheim" in content], "no password in what is committed"
    workflow = yaml.safe_load((tmp_path / "checkout/.woodpecker/build.yml").read_text(encoding="utf-8"))
    assert "verify-integrity" in [step["name"] for step in workflow["steps"]]
    assert "no notifications: set notify_webhook_url" in done.text
    after = made(tmp_path)
    again = play("detect", variables, inventory=inventory)
    assert (again.rc, again.changed, made(tmp_path)) == (0, 0, after)


def test_nothing_asked_for_is_said(play, tmp_path):
    inventory = tmp_path / "hosts.json"
    registries = {"hosts": {"registry-private": {"registry_address": "registry.example.com:5050"}}}
    inventory.write_text(json.dumps({"registries": registries}), encoding="utf-8")
    done = play("detect", {}, inventory=inventory)
    assert done.rc == 0, done.stdout
    assert "no probe: make a group registry_probes or registry_vms, or set probe_kubernetes" in done.text
    assert "no alerts: make a group prometheus" in done.text


def test_a_machine_that_cannot_be_reached_is_not_passed_over(play, tmp_path):
    inventory = tmp_path / "hosts.json"
    machine = {"ansible_host": "127.0.0.1", "ansible_port": 1}
    registries = {"hosts": {"registry-private": {"registry_address": "registry.example.com:5050", "registry_vm": "vm"}}}
    inventory.write_text(json.dumps({"registries": registries, "registry_vms": {"hosts": {"vm": machine}}}), encoding="utf-8")
    done = play("detect", {"probe_pushgateway": {"url": "http://pushgateway:9091"}}, inventory=inventory)
    assert done.rc != 0
    assert "UNREACHABLE" in done.stdout


@pytest.mark.slow
@pytest.mark.xdist_group("vm")
def test_a_machine_that_looks_after_itself(vm_lab, pushgateway, play):  # noqa: F811
    """The probe and the look at the pin on the registries' own machine, as its clock runs them."""
    authority = vm_lab.ca_path.read_text(encoding="utf-8")  # where it lies, only root gets at it
    variables = {"probe_pushgateway": {"url": pushgateway.url}, "probe_home": HOME, "probe_ca_content": authority}
    try:
        drifted = play("detect", {**variables, "pin_image": "registry:9.9.9"}, inventory=vm_lab.inventory)
        assert (drifted.rc, drifted.findings, "DRIFT 6 of 6 services" in drifted.text) == (2, 1, True), drifted.stdout
        variables["pin_image"] = vm_lab.images["2"]
        done = play("detect", variables, inventory=vm_lab.inventory)
        assert (done.rc, done.failures) == (0, []), done.stdout
        del variables["pin_image"]  # what is watched stays
        (job,) = entries(vm_lab.ssh(["cat", "/etc/cron.d/registry-probe"]).stdout, SYSTEM)
        vm_lab.ssh(["runuser", "-u", job.user, "--", "/bin/sh", "-c", job.command], check=False)
        found = pushgateway.values()
        assert (found.get("catalog_accessible"), found.get("failures")) == (1, 0), vm_lab.ssh(
            ["cat", f"{HOME}/logs/probe.log"]
        ).stdout
        assert vm_lab.ssh(["test", "-s", f"{vm_lab.compose_path.parent}/maintenance/metrics/machine-pin.prom"]).returncode == 0
        assert play("detect", variables, inventory=vm_lab.inventory).changed == 0
    finally:
        vm_lab.ssh(
            ["sh", "-c", "rm -f /etc/cron.d/registry-p* /etc/logrotate.d/registry-p*; userdel registry-probe"], check=False
        )
        vm_lab.ssh(["rm", "-rf", HOME, f"{vm_lab.compose_path.parent}/maintenance"])
