# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A checkout of its own for each test of the console, with one small playbook in it; and a playbook that logs in to a real SSH server."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.project import ROOT
from playbooks.console.server import Server

PLAYBOOK = """---
# A playbook for tests
- name: Demonstration
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Wait for a signal
      ansible.builtin.command: sh -c 'echo $$ > {{ pid_file }}; exec sleep 60'
      changed_when: true
      when: pid_file is defined
    - name: Wait to be let go
      ansible.builtin.command: timeout 120 sh -c 'echo $$ > {{ go_file }}.waits; until [ -e {{ go_file }} ]; do sleep 0.1; done'
      changed_when: true
      when: go_file is defined
    - name: Table
      ansible.builtin.debug:
        msg: ["TAG     STATE", "latest  gone"]
    - name: Folder of the report
      ansible.builtin.file: {path: "{{ lookup('env', 'RUNBOOK_REPORT') }}", state: directory, mode: "0700"}
    - name: Report
      ansible.builtin.copy: {content: "the report", dest: "{{ lookup('env', 'RUNBOOK_REPORT') }}/report.txt", mode: "0600"}
    - name: Count what was found
      ansible.builtin.set_stats: {data: {runbook_findings: 1}}
      when: broken | default(false) | bool
    - name: Broken images
      ansible.builtin.fail: {msg: "found 1, secret {{ registry_password | default('none') }}"}
      when: broken | default(false) | bool
    - name: Something else goes wrong
      ansible.builtin.command: /no/such/program
      changed_when: false
      when: wrong | default(false) | bool
"""
ASK = """---
# Ask a machine who it is
- name: Ask
  hosts: "{{ target | default('all') }}"
  gather_facts: false
  vars:
    runbook_reaches: "{{ from_host | default('') }}"
  tasks:
    - name: Ask
      ansible.builtin.ping:
      delegate_to: "{{ from_host | default(inventory_hostname, true) }}"
"""
INVENTORY = """
all:
  hosts:
    machine:
      ansible_connection: local
      ansible_python_interpreter: "{{ ansible_playbook_python }}"
    registry:
      ansible_connection: local
      ansible_python_interpreter: "{{ ansible_playbook_python }}"
      registry_store_path: /no/such/store
registry_vms: {hosts: {machine: {}}}
registries: {hosts: {registry: {}}}
"""
Runbook = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a blank in its path; the virtual environment is that of the running tests."""
    copy = tmp_path / "a checkout"
    for part in ("src", "requirements", "inventory/lab", "module_utils/incident_record"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("runbook", "ansible.cfg"):
        shutil.copy2(ROOT / part, copy / part)
    (copy / "playbooks").mkdir()
    (copy / "playbooks" / "demo.yml").write_text(PLAYBOOK, encoding="utf-8")
    return copy


@pytest.fixture
def runbook(checkout: Path, tmp_path: Path) -> Iterator[Runbook]:
    """``runbook(*arguments)`` starts its ``./runbook`` from another folder, HOME cannot be written; what still runs at the end is killed.

    ``terminal`` is one end of a terminal, which is its own then, as that of a login is.
    """
    venv = os.environ.get("RUNBOOK_VENV") or str(ROOT / ".venv")
    environment = {**os.environ, "RUNBOOK_VENV": venv, "TMPDIR": str(tmp_path), "HOME": "/proc/1/nowhere"}
    environment.pop("RUNBOOK_STATE", None)
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, terminal: int | None = None, **extra: str) -> subprocess.Popen[str]:
        command = [*(["setsid", "--ctty"] if terminal else []), str(checkout / "runbook"), *arguments]
        out = terminal or subprocess.PIPE
        process = subprocess.Popen(
            command, cwd=tmp_path, env={**environment, **extra}, stdin=terminal, stdout=out, stderr=out, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "ssh"
    folder.mkdir()
    running = Server(folder)
    yield running
    running.stop()


@pytest.fixture
def ask(runbook: Any, checkout: Path) -> Any:
    """``ask(inventory, *arguments)`` runs the playbook; exit code, output, errors."""
    (checkout / "playbooks" / "ask.yml").write_text(ASK, encoding="utf-8")

    def run(inventory: Path, *arguments: str, **extra: str) -> tuple[int, str, str]:
        process = runbook("run", "ask", "-i", str(inventory), *arguments, SSH_AUTH_SOCK="", **extra)
        shown, errors = process.communicate(timeout=60)
        assert "Traceback" not in shown + errors
        return process.returncode, shown, errors

    return run


@pytest.fixture
def whole(checkout: Path, tmp_path: Path) -> Path:
    """The checkout with the real playbooks in it; an inventory."""
    for part in ("playbooks", "roles", "library", "module_utils"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / part, checkout / part, ignore=ignored, dirs_exist_ok=True)
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(INVENTORY, encoding="utf-8")
    return inventory
