# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The hourly look at the pin: installed on the vm lab by the role registry_host, run as its clock does, and as units for systemd."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.oci_registry.exposition import parse
from ansible.module_utils.registry_lab.vm.spec import SERVICES
from ansible.module_utils.scheduled_jobs.crontab import SYSTEM, entries

from contract.project import ROOT, ansible_environment
from plugins.vm import RunningVm, labs_made

CRON = "/etc/cron.d/registry-pin"
NAMES = [service.name for service in SERVICES]
PLAY = f"""
- hosts: registry_vms
  gather_facts: false
  tasks:
    - ansible.builtin.import_tasks: {ROOT}/playbooks/tasks/registries.yml
    - ansible.builtin.include_role: {{name: registry_host, tasks_from: watch}}
      vars:
        registry_host_compose_path: "{{{{ registry_compose_path }}}}"
        registry_host_registries: "{{{{ registries_of_machine | default([]) }}}}"
        registry_host_image: "{{{{ wanted }}}}"
        registry_host_keep_image: "{{{{ keep | default(false) }}}}"
        registry_host_home: "{{{{ registry_maintenance_home }}}}"
        registry_host_source: {ROOT}
    - ansible.builtin.debug: {{var: registry_host_watch_result.text}}
    - ansible.builtin.debug: {{msg: "{{{{ registry_host_watch_result.findings | length }}}} found"}}
"""


class Watched:
    """A vm lab, and the role run on it."""

    def __init__(self, vm: RunningVm, folder: Path) -> None:
        self.vm = vm
        self.home = vm.compose_path.parent / "maintenance"
        self._playbook = folder / "play.yml"
        self._playbook.write_text(PLAY, encoding="utf-8")

    def play(self, *flags: str, **variables: Any) -> tuple[int, int, str]:
        """(exit code, how many tasks changed something, what was printed)."""
        given = json.dumps({"wanted": self.vm.images["2"], **variables})
        command = ["ansible-playbook", "-i", str(self.vm.inventory), "-e", given, *flags, str(self._playbook)]
        ran = subprocess.run(command, cwd=ROOT, env=ansible_environment(), capture_output=True, text=True, check=False)
        assert "WARNING" not in ran.stderr, ran.stderr
        changed = [int(word[8:]) for word in ran.stdout.split() if word.startswith("changed=")]
        return ran.returncode, sum(changed), ran.stdout

    def crontab(self) -> str:
        return str(self.vm.ssh(["sh", "-c", f"cat {CRON} 2> /dev/null || true"]).stdout)

    def image(self) -> str:
        """What its configuration names."""
        return str(json.loads((self.home / "machine-pin.json").read_text(encoding="utf-8"))["pin"]["image"])

    def drift(self) -> dict[str, int]:
        text = (self.home / "metrics" / "machine-pin.prom").read_text(encoding="utf-8")
        return {each.labels["service"]: int(each.value) for each in parse(text, "registry_pin_drift", {})}


@pytest.fixture(scope="module")
def own_vm() -> Iterator[RunningVm]:
    """A lab that these tests change."""
    with labs_made() as make:
        yield make()


@pytest.fixture
def watched(own_vm: RunningVm, tmp_path: Path) -> Watched:
    own_vm.compose("up", "--detach", "--no-recreate")
    own_vm.ssh(["rm", "-rf", CRON, "/etc/logrotate.d/registry-pin", f"{own_vm.compose_path.parent}/maintenance"])
    return Watched(own_vm, tmp_path)


@pytest.mark.slow
@pytest.mark.xdist_group("vm")
def test_check_do_check_again_do_again(watched):
    rc, changed, shown = watched.play("--check")
    assert rc == 0, shown
    assert (changed > 0, watched.crontab(), watched.home.exists()) == (True, "", False)
    rc, changed, shown = watched.play()
    assert (rc, changed > 0) == (0, True), shown
    assert "no drift" in shown and "0 found" in shown
    assert watched.drift() == dict.fromkeys(NAMES, 0)
    for flags in (["--check"], []):
        assert watched.play(*flags)[:2] == (0, 0)


@pytest.mark.slow
@pytest.mark.xdist_group("vm")
def test_what_cron_runs_finds_drift(watched):
    assert watched.play()[0] == 0
    (job,) = entries(watched.crontab(), SYSTEM)
    assert (job.schedule, job.user) == ("20 * * * *", "root")
    watched.vm.compose("stop", NAMES[3])
    ran = watched.vm.ssh(["/bin/sh", "-c", job.command], check=False)
    assert ran.returncode == 1, ran.stderr
    assert watched.drift() == {**dict.fromkeys(NAMES, 0), NAMES[3]: 1}
    assert "DRIFT 1 of 6 services" in (watched.home / "logs" / "pin.log").read_text(encoding="utf-8")
    watched.vm.compose("start", NAMES[3])
    assert watched.vm.ssh(["/bin/sh", "-c", job.command]).returncode == 0


@pytest.mark.slow
@pytest.mark.xdist_group("vm")
def test_what_drifts_already_is_installed_and_said(watched):
    rc, _changed, shown = watched.play(wanted="registry:9.9.9", registry_host_watch_minute=59)
    assert (rc, "DRIFT 6 of 6" in shown, "1 found" in shown) == (0, True, True), shown
    assert "\n59 * * * * root " in watched.crontab()


@pytest.mark.slow
@pytest.mark.xdist_group("vm")
def test_an_image_that_was_pinned_elsewhere_stays_unless_another_one_is_asked_for(watched):
    image = watched.vm.images["2"]
    assert watched.play(keep=True)[0] == 0, "on a new machine there is none to keep"
    assert watched.image() == image
    assert watched.play(wanted="registry:9.9.9", keep=True)[:2] == (0, 0)
    assert watched.image() == image
    assert watched.play(wanted="registry:9.9.9")[0] == 0
    assert watched.image() == "registry:9.9.9"


@pytest.mark.slow
@pytest.mark.xdist_group("vm")
def test_pinning_to_another_image_is_no_drift(watched, play):
    assert watched.play()[0] == 0
    image = watched.vm.images["2"].replace("registry:2", "registry:2.9.9")
    watched.vm.docker("tag", watched.vm.images["2"], image)
    floats = {"pin_allow_floating": ["2"]}  # as the images of the lab are named
    outcome = play("pin", {"pin_image": image, **floats}, inventory=watched.vm.inventory)
    assert (outcome.rc, outcome.failures) == (0, []), outcome.stdout
    (job,) = entries(watched.crontab(), SYSTEM)
    assert watched.vm.ssh(["/bin/sh", "-c", job.command], check=False).returncode == 0
    assert watched.drift() == dict.fromkeys(NAMES, 0)
    play("pin", {"pin_image": watched.vm.images["2"], **floats}, inventory=watched.vm.inventory)


BAD = {
    "no registry": ({"registries_of_machine": []}, "No registry of the inventory is on registry-vm"),
    "a minute that there is not": ({"registry_host_watch_minute": 60}, "a minute is from 0 to 59"),
    "a folder with a blank": ({"registry_maintenance_home": "/opt/a b"}, "digits, dots, dashes and underscores only"),
}


@pytest.mark.slow
@pytest.mark.xdist_group("vm")
@pytest.mark.parametrize(("variables", "message"), BAD.values(), ids=BAD)
def test_bad_input_schedules_nothing(watched, variables, message):
    rc, _changed, shown = watched.play(**variables)
    assert (rc, shown.count("FAILED!")) == (2, 1)
    assert message in " ".join(shown.split())
    assert (watched.crontab(), watched.home.exists()) == ("", False)


UNITS = """
- hosts: localhost
  gather_facts: false
  vars_files: [{role}/defaults/main.yml, {role}/vars/main.yml]
  tasks:
    - ansible.builtin.template: {{src: "{role}/templates/{{{{ item }}}}", dest: "{folder}/{{{{ item }}}}", mode: "0644"}}
      loop: [cron.j2, job.service.j2, job.timer.j2, logrotate.j2]
"""


@pytest.fixture
def rendered(tmp_path: Path) -> Path:
    """The files of one job."""
    given = {
        "registry_doctor_job": "pin",
        "registry_doctor_about": "the pin",
        "registry_doctor_arguments": ["pin", "--config", "/opt/registry/maintenance/machine-pin.json"],
        "registry_doctor_minute": 7,
        "registry_doctor_environment": {"DOCKER_HOST": "unix:///run/docker.sock", "ODD": '50% "x" \\'},
    }
    (tmp_path / "play.yml").write_text(UNITS.format(role=ROOT / "roles" / "registry_doctor", folder=tmp_path), encoding="utf-8")
    command = ["ansible-playbook", "-e", json.dumps(given), str(tmp_path / "play.yml")]
    ran = subprocess.run(command, cwd=ROOT, env=ansible_environment(), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return tmp_path


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
def test_systemd_accepts_the_units(rendered):
    units = [rendered / f"registry-pin.{kind}" for kind in ("service", "timer")]
    for unit in units:
        shutil.copy(rendered / f"job{unit.suffix}.j2", unit)
    ran = subprocess.run(["systemd-analyze", "verify", *map(str, units)], capture_output=True, text=True, check=False)
    assert (ran.returncode, [line for line in ran.stderr.splitlines() if "registry-" in line]) == (0, [])
    assert "OnCalendar=*-*-* *:07:00\n" in units[1].read_text(encoding="utf-8")
    assert 'Environment="ODD=50%% \\"x\\" \\\\"\n' in units[0].read_text(encoding="utf-8")


def test_cron_gets_one_line(rendered):
    text = (rendered / "cron.j2").read_text(encoding="utf-8")
    (job,) = entries(text, SYSTEM)
    assert (job.schedule, job.user, job.stdin) == ("7 * * * *", "root", "")
    assert job.command.endswith("machine-pin.json >> /opt/registry/maintenance/logs/pin.log 2>&1")
    assert "DOCKER_HOST=unix:///run/docker.sock\n" in text and text.endswith("\n")
