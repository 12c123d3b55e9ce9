# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The role registry_probe, run as a playbook runs it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from contract.project import ROOT, ansible_environment

PLAY = """
- hosts: {host}
  gather_facts: false
  tasks:
    - name: The probe
      ansible.builtin.include_role: {{name: registry_probe, tasks_from: {entry}}}
    - name: The result
      ansible.builtin.debug: {{msg: "{{{{ registry_probe_result.text.splitlines() }}}}"}}
      when: registry_probe_result is defined
"""
PlayRole = Callable[..., "Played"]


class Played(NamedTuple):
    """How a run of the role ended."""

    rc: int
    changed: int
    stdout: str


@pytest.fixture
def play_role(tmp_path: Path) -> PlayRole:
    """See :func:`player`."""
    return player(tmp_path)


def player(tmp_path: Path) -> PlayRole:
    """``(variables, entry="main", host="localhost", inventory=None, check=False)``. A run that prints a warning fails the test."""

    def run(variables: dict[str, Any], entry: str = "main", *, host: str = "localhost", **options: Any) -> Played:
        playbook, given = tmp_path / "play.yml", tmp_path / "variables.json"
        playbook.write_text(PLAY.format(host=host, entry=entry), encoding="utf-8")
        given.write_text(json.dumps({"registry_probe_source": str(ROOT), **variables}), encoding="utf-8")
        command = ["ansible-playbook", "-i", str(options.get("inventory") or ROOT / "inventory" / "lab"), "-e", f"@{given}"]
        command += [*(["--check"] if options.get("check") else []), str(playbook)]
        ran = subprocess.run(command, cwd=ROOT, env=ansible_environment(), capture_output=True, text=True, check=False)
        assert "WARNING" not in ran.stdout + ran.stderr, ran.stdout + ran.stderr
        return Played(ran.returncode, sum(map(int, re.findall(r" changed=(\d+)", ran.stdout))), ran.stdout + ran.stderr)

    return run


def refusal(played: Played) -> str:
    """What a run ended with."""
    assert played.rc == 2, played.stdout
    told = re.search(r"^\[ERROR\]: Task failed: (?:Action failed: |Module failed: )?(.*?)$", played.stdout, re.MULTILINE)
    assert told is not None, played.stdout
    return told[1]
