# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The schedule of the role registry_maintenance as files: accepted by systemd, and lines that cron takes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible.module_utils.scheduled_jobs.crontab import SYSTEM, entries

from contract.project import ROOT, ansible_environment

ROLE = ROOT / "roles" / "registry_maintenance"
PLAY = """
- hosts: localhost
  gather_facts: false
  vars_files: [{role}/defaults/main.yml, {role}/vars/main.yml]
  tasks:
    - ansible.builtin.template: {{src: {role}/templates/cron.j2, dest: {folder}/cron, mode: "0644"}}
    - ansible.builtin.template: {{src: {role}/templates/job.service.j2, dest: "{folder}/registry-{{{{ item }}}}@.service", mode: "0644"}}
      loop: [retain, collect, scan]
    - ansible.builtin.template:
        {{src: {role}/templates/job.timer.j2, dest: "{folder}/registry-{{{{ item[1] }}}}@{{{{ item[0] }}}}.timer", mode: "0644"}}
      loop: "{{{{ __registry_maintenance_schedule }}}}"
"""
VARIABLES = {
    "registry_maintenance_registries": ["registry-private", "registry-ghcr"],
    "registry_maintenance_caches": ["registry-ghcr"],
    "registry_maintenance_retain_at": "23:58",
    "registry_maintenance_environment": {"DOCKER_HOST": "unix:///run/docker.sock"},
}


@pytest.fixture
def rendered(tmp_path: Path) -> Path:
    """A folder with the files for two registries, one of them a cache."""
    folder = tmp_path / "units"
    folder.mkdir()
    (tmp_path / "play.yml").write_text(PLAY.format(role=ROLE, folder=folder), encoding="utf-8")
    command = ["ansible-playbook", "-e", json.dumps(VARIABLES), str(tmp_path / "play.yml")]
    ran = subprocess.run(command, cwd=ROOT, env=ansible_environment(), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
def test_systemd_accepts_the_units(rendered):
    timers = sorted(rendered.glob("*.timer"))
    assert [path.name for path in timers] == [
        "registry-collect@registry-private.timer",
        "registry-retain@registry-ghcr.timer",
        "registry-retain@registry-private.timer",
        "registry-scan@registry-ghcr.timer",
        "registry-scan@registry-private.timer",
    ]
    services = [path.with_suffix(".service") for path in timers]
    for path in services:
        shutil.copy(rendered / f"{path.name.partition('@')[0]}@.service", path)
    ran = subprocess.run(
        ["systemd-analyze", "verify", *map(str, [*timers, *services])], capture_output=True, text=True, check=False
    )
    ours = [line for line in ran.stderr.splitlines() if "registry-" in line]
    assert (ran.returncode, ours) == (0, [])
    assert "OnCalendar=Sun *-*-* 03:00:00\n" in timers[0].read_text(encoding="utf-8")
    assert "OnCalendar=*-*-* 00:03:00\n" in timers[1].read_text(encoding="utf-8"), "five minutes after 23:58"


def test_cron_gets_a_line_for_each_job(rendered):
    text = (rendered / "cron").read_text(encoding="utf-8")
    jobs = list(entries(text, SYSTEM))
    assert [(job.schedule, job.user) for job in jobs] == [
        ("58 23 * * *", "root"),
        ("0 3 * * 0", "root"),
        ("0 5 * * *", "root"),
        ("3 0 * * *", "root"),
        ("5 5 * * *", "root"),
    ]
    assert all(job.stdin == "" and job.command.endswith("2>&1") for job in jobs), "no percent sign ends a command"
    assert "DOCKER_HOST=unix:///run/docker.sock\n" in text
    assert text.endswith("\n")
