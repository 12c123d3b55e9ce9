# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Every playbook is found by ``./runbook``, says what it is for, and is accepted by Ansible without a warning."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from contract.project import PLAYBOOKS, ROOT, ansible_environment, name_of
from runbook import catalogue, places


@pytest.mark.parametrize("path", PLAYBOOKS, ids=name_of)
def test_syntax(path: Path) -> None:
    command = ["ansible-playbook", "--syntax-check", str(path)]
    outcome = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=ansible_environment(), check=False)
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stderr == ""


@pytest.mark.parametrize("path", PLAYBOOKS, ids=name_of)
def test_help_says_what_it_is_for(path: Path) -> None:
    assert places.about_playbook(path.stem), "the first comment of a playbook is its line in ./runbook help"


@pytest.mark.parametrize("path", PLAYBOOKS, ids=name_of)
def test_list_says_what_it_changes(path: Path) -> None:
    assert catalogue.changes(path.read_text(encoding="utf-8")), "a comment '# Changes: ...' is its line in ./runbook list"
