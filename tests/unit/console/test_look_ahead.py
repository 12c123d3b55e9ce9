# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The look ahead stops what ansible-playbook would not carry out, and nothing else; what fails of it takes nothing else along."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contract.project import ROOT
from runbook import preflight

PLAYBOOK = "- {name: Ask, hosts: all, gather_facts: false, tasks: [{ansible.builtin.ping: }]}\n"
HOSTS = "all: {hosts: {here: {ansible_connection: local}}}\n"


@pytest.mark.parametrize(
    ("files", "stops", "said"),
    [
        ({"hosts.yml": HOSTS, "old.yml": "all: [unclosed"}, False, ".*/inventory/old.yml is passed over"),
        ({"old.yml": "all: [unclosed"}, True, "the inventory cannot be read: .*/inventory/old.yml"),
        ({"hosts.yml": HOSTS}, False, ""),
    ],
)
def test_a_part_of_an_inventory_that_is_no_yaml(
    files: dict[str, str], stops: bool, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path / "ansible"))
    monkeypatch.setenv("RUNBOOK_STATE", str(tmp_path))
    (tmp_path / "inventory").mkdir()
    for name, text in files.items():
        (tmp_path / "inventory" / name).write_text(text, encoding="utf-8")
    (tmp_path / "ask.yml").write_text(PLAYBOOK, encoding="utf-8")
    remarks = preflight.look(tmp_path / "ask.yml", ["-i", str(tmp_path / "inventory")])
    assert [remark["stops"] for remark in remarks] == ([stops] if said else [])
    assert all(re.match(said, remark["message"]) for remark in remarks), remarks
