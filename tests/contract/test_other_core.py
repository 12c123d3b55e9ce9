# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The modules work under the other supported ansible-core, too: 2.19 where these tests run 2.21, and the other way round.

``./runbook`` picks the ansible-core by its Python, so another Python is all that it takes; its environment is
``.venv-other``, kept for the next time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.place import make_store

from contract.interpreters import find_python
from contract.project import ROOT, ansible_environment

OTHERS = ("3.13", "3.12") if sys.version_info < (3, 12) else ("3.11",)
PLAYBOOK = """---
- name: Both observers under another ansible-core
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Over HTTP
      registry_integrity_info: {{registry: "{address}", scheme: http}}
      register: walked
    - name: On disk
      registry_store_info: {{path: "{store}"}}
      register: scanned
    - name: What is whole is healthy
      ansible.builtin.assert: {{that: [walked.healthy, scanned.healthy, walked.summary.tags == 1, scanned.summary.tags == 1]}}
"""


@pytest.fixture(scope="module")
def other_environment() -> Path:
    """The virtual environment of the other ansible-core, made by ``./runbook`` itself."""
    python = next(filter(None, map(find_python, OTHERS)), None)
    if python is None:
        pytest.skip(f"the other ansible-core needs Python {' or '.join(OTHERS)}, which this machine has not")
    venv = ROOT / ".venv-other"
    given = {**os.environ, "RUNBOOK_VENV": str(venv), "RUNBOOK_PYTHON": python}
    outcome = subprocess.run([str(ROOT / "runbook"), "play"], env=given, capture_output=True, text=True, check=False)
    assert "name a playbook" in outcome.stderr, outcome.stderr
    return venv


def test_playbook_runs(other_environment: Path, any_registry: Callable[..., Any], tmp_path: Path) -> None:
    registry = any_registry()
    make_store(registry.root, repositories=1, tags=1)
    playbook = tmp_path / "smoke.yml"
    playbook.write_text(PLAYBOOK.format(address=registry.address, store=registry.root), encoding="utf-8")
    command = [str(other_environment / "bin" / "ansible-playbook"), str(playbook)]
    given = {**ansible_environment(), "ANSIBLE_INVENTORY": str(ROOT / "inventory" / "lab")}
    outcome = subprocess.run(command, env=given, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (outcome.returncode, outcome.stderr) == (0, ""), outcome.stdout
