# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A run of the real playbooks in which nobody looked at anything is never one that ended well."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from contract.project import ROOT
from runbook import places

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


@pytest.fixture
def whole(checkout: Path, tmp_path: Path) -> Path:
    """The checkout with the real playbooks in it; an inventory."""
    for part in ("playbooks", "roles", "library", "module_utils"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / part, checkout / part, ignore=ignored, dirs_exist_ok=True)
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(INVENTORY, encoding="utf-8")
    return inventory


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["recover", "--limit", "registry"], "no play has a host left under --limit registry. Name the host with -e target=HOST"),
        (["diagnose", "--limit", "machine"], "no play has a host left under --limit machine"),
        (["maintain", "--limit", "registry", "--check"], "--limit registry leaves no host to the play Report"),
        (["maintain", "--limit", "registry", "--check", "--no-preflight", "--tags", "none"], "ended without its report"),
        (["verify", "--tags", "none"], "ended without its report"),
    ],
)
def test_nothing_done_is_exit_2(runbook: Any, whole: Path, arguments: list[str], said: str) -> None:
    process = runbook(*arguments, "-i", str(whole))
    _shown, errors = process.communicate(timeout=120)
    assert said in errors
    assert process.returncode == 2


@pytest.mark.parametrize("option", ["--list-tasks", "--syntax-check", "--help"])
def test_what_only_lists_ends_well(runbook: Any, whole: Path, option: str) -> None:
    process = runbook("diagnose", "-i", str(whole), option)
    _shown, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")


def test_every_playbook_but_the_lab_ends_with_a_report() -> None:
    assert [name for name in places.playbooks() if not places.reports(name)] == ["lab"]
