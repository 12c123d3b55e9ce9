# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The role registry_probe on a host: installed, run as the clock runs it, and removed without a trace."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.scheduled_jobs.crontab import SYSTEM, entries

from contract.project import ROOT, ansible_environment
from modules.probe.conftest import pushgateway  # noqa: F401
from playbooks.probing import play_role, refusal  # noqa: F401
from plugins.vm import RunningVm

ROLE = ROOT / "roles" / "registry_probe"
RENDER = """
- hosts: localhost
  gather_facts: false
  vars_files: [{role}/defaults/main.yml, {role}/vars/main.yml]
  tasks:
    - ansible.builtin.template: {{src: {role}/templates/probe.service.j2, dest: {folder}/registry-probe@.service, mode: "0644"}}
    - ansible.builtin.template: {{src: {role}/templates/probe.timer.j2, dest: {folder}/registry-probe@registry-private.timer, mode: "0644"}}
      vars: {{item: registry-private}}
"""
RENDERED = {
    "registry_probe_registries": [{"name": "registry-private", "address": "registry.example.com"}],
    "registry_probe_environment": {"HTTPS_PROXY": "http://proxy:3128/%7Ea", "NO_PROXY": 'a "b"'},
}
MACHINE = "registry-vm"
HOME = "/usr/local/lib/registry-probe"  # where a lab has a view of its own, and every user may go
TEXTFILES = "/usr/local/lib/textfiles"
CRON = "/etc/cron.d/registry-probe"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    folder = tmp_path / "units"
    folder.mkdir()
    (tmp_path / "play.yml").write_text(RENDER.format(role=ROLE, folder=folder), encoding="utf-8")
    command = ["ansible-playbook", "-e", json.dumps(RENDERED), str(tmp_path / "play.yml")]
    rendered = subprocess.run(command, cwd=ROOT, env=ansible_environment(), capture_output=True, text=True, check=False)
    assert rendered.returncode == 0, rendered.stdout + rendered.stderr
    service, timer = folder / "registry-probe@registry-private.service", folder / "registry-probe@registry-private.timer"
    shutil.copy(folder / "registry-probe@.service", service)
    ran = subprocess.run(["systemd-analyze", "verify", str(service), str(timer)], capture_output=True, text=True, check=False)
    assert (ran.returncode, [line for line in ran.stderr.splitlines() if "registry-probe" in line]) == (0, [])
    assert {"OnCalendar=*:0/15", "Persistent=true", "RandomizedDelaySec=60"} <= set(timer.read_text("utf-8").splitlines())
    lines = set(service.read_text("utf-8").splitlines())
    assert {"User=registry-probe", "NoNewPrivileges=true", "CapabilityBoundingSet=", "ProtectSystem=strict"} <= lines
    assert "TimeoutStartSec=860" in lines, "it is over before the next run, after 900 s"
    assert 'Environment="HTTPS_PROXY=http://proxy:3128/%%7Ea"' in lines


class Host:
    """The machine of the lab, with the role on it."""

    def __init__(self, vm: RunningVm, play: Any) -> None:
        self.vm, self._play = vm, play

    def play(self, variables: dict[str, Any], entry: str = "main", **options: Any) -> Any:
        return self._play(variables, entry, host=MACHINE, inventory=self.vm.inventory, **options)

    def shell(self, text: str, *, check: bool = True) -> str:
        return str(self.vm.ssh(["sh", "-c", text], check=check).stdout)

    def traces(self) -> str:
        """Whatever of the probe there is on the machine."""
        return self.shell(
            f"ls -dR {HOME} {TEXTFILES}/* /etc/*/*registry-probe* 2> /dev/null; getent passwd registry-probe", check=False
        )


@pytest.fixture
def host(vm_lab: RunningVm, play_role: Any) -> Any:  # noqa: F811
    machine = Host(vm_lab, play_role)
    machine.shell(f"mkdir -p {TEXTFILES}")
    yield machine
    machine.play(variables(vm_lab, ""), "absent")
    machine.shell(f"rmdir {TEXTFILES}")


def variables(vm: RunningVm, url: str, **changes: Any) -> dict[str, Any]:
    """The hosted registry and a cache of the lab."""
    username, password = vm.credentials
    private = {
        "name": "registry-private",
        "address": vm.addresses["registry-private"],
        "username": username,
        "password": password,
    }
    private["ca_content"] = vm.ca_path.read_text(encoding="utf-8")
    cache = {"name": "registry-ghcr", "address": vm.addresses["registry-ghcr"], "scheme": "http", "mode": "cache"}
    return {
        "registry_probe_registries": [private, cache],
        "registry_probe_pushgateway": {"url": url},
        "registry_probe_textfile": TEXTFILES,
        "registry_probe_home": HOME,
        **changes,
    }


@pytest.mark.slow
def test_installed_run_and_removed(host: Host, pushgateway: Any) -> None:  # noqa: F811
    given = variables(host.vm, pushgateway.url)
    planned = host.play(given, check=True)
    assert (planned.rc, planned.changed > 0, host.traces()) == (0, True, "")
    done = host.play(given)
    assert done.rc == 0, done.stdout
    assert host.vm.credentials[1] not in planned.stdout + done.stdout
    again = host.play(given)
    assert (again.rc, again.changed) == (0, 0), again.stdout

    text = host.shell(f"cat {CRON}")
    (job,) = entries(text, SYSTEM)
    assert (job.schedule, job.user, job.stdin) == ("*/15 * * * *", "registry-probe", "")
    assert "%" not in text
    assert host.vm.credentials[1] not in text
    assert host.shell(f"stat -c '%a %U' {HOME}/registry-private.json") == "600 registry-probe\n"

    for _run in range(2):  # the second one has a state to go by
        host.shell(f"runuser -u registry-probe -- /bin/sh -c '{job.command}'")
    assert "HEALTHY" in host.shell(f"cat {HOME}/logs/probe.log")
    pushed = pushgateway.values()
    assert (pushed["failures"], pushed["catalog_accessible"], pushed["repositories"]) == (0, 1, 3)
    assert pushed["tags_checked"] > 3
    linked = host.shell(f"runuser -u nobody -- cat {TEXTFILES}/registry-probe-registry-private.prom")
    assert f'registry_manifest_integrity_failures{{instance="{host.vm.addresses["registry-private"]}"}} 0\n' in linked

    removed = host.play(given, "absent")
    assert (removed.rc, host.traces()) == (0, ""), removed.stdout
    assert host.play(given, "absent").changed == 0


@pytest.mark.slow
def test_a_registry_that_is_no_more_leaves_nothing_behind(host: Host) -> None:
    given = variables(host.vm, "http://127.0.0.1:9")
    gone = {"name": "registry-old", "address": "127.0.0.1:9", "scheme": "http", "ca_content": "none"}
    with_it = {**given, "registry_probe_registries": [*given["registry_probe_registries"], gone]}
    assert host.play(with_it).rc == 0
    host.shell(f"touch {HOME}/state/registry-old.state {HOME}/metrics/registry-old.prom")
    assert len(re.findall("^[*]/15", host.shell(f"cat {CRON}"), re.MULTILINE)) == 2
    assert host.play(given).rc == 0
    assert "registry-old" not in host.shell(f"cat {CRON}; find {HOME} {TEXTFILES}")
    assert "registry-private.json" in host.shell(f"ls {HOME}")


@pytest.mark.slow
def test_what_is_somebody_elses_stays(host: Host) -> None:
    given = variables(host.vm, "http://127.0.0.1:9", registry_probe_home="/usr/local/lib/others", registry_probe_user="nobody")
    host.shell("mkdir -p /usr/local/lib/others && echo mine > /usr/local/lib/others/file")
    assert "/usr/local/lib/others holds something else" in refusal(host.play(given))
    host.play(given, "absent")
    assert host.shell("cat /usr/local/lib/others/file; getent passwd nobody | cut -d: -f1") == "mine\nnobody\n"
    host.shell("rm -r /usr/local/lib/others")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"registry_probe_registries": []}, "There is no registry to probe"),
        ({"registry_probe_registries": [{"name": "cache", "address": "c", "mode": "cache"}]}, "There is no registry to probe"),
        ({"registry_probe_registries": [{"name": "lost"}]}, "There is no address of lost. Set registry_address"),
        (
            {"registry_probe_registries": [{"name": "a", "address": "x"}, {"name": "b", "address": "x"}]},
            "the same address or instance",
        ),
        ({"registry_probe_registries": [{"name": "a b%", "address": "x"}]}, "These are a b%;"),
        ({"registry_probe_home": "/opt/my probe"}, "/opt/my probe"),
        ({"registry_probe_budget": 840}, "A budget of 840 s does not fit between two runs every 15 minutes"),
        ({"registry_probe_pushgateway": {}}, "Nothing says where the metrics go"),
        ({"registry_probe_textfile": "/there/is/none"}, "/there/is/none is no folder of localhost"),
        ({"registry_probe_environment": {"A": "1\n* * * * * root reboot"}}, "has one line a variable"),
    ],
)
def test_bad_input_is_refused_before_anything_is_done(play_role: Any, changes: Any, said: str) -> None:  # noqa: F811
    given = {
        "registry_probe_registries": [{"name": "a", "address": "registry.example.com", "password": "hunter2"}],
        "registry_probe_pushgateway": {"url": "http://pushgateway:9091"},
        "registry_probe_home": "/usr/local/lib/never-made",
    }
    played = play_role({**given, **changes})
    assert said in refusal(played)
    assert (played.changed, Path("/usr/local/lib/never-made").exists(), "hunter2" in played.stdout) == (0, False, False)
