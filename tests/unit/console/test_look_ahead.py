# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The look ahead stops what ansible-playbook would not carry out, and nothing else; what fails of it takes nothing else along."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from contract.project import ROOT
from runbook import preflight
from runbook.preflight import ssh
from runbook.preflight.known import KnownHosts

PLAYBOOK = "- {name: Ask, hosts: all, gather_facts: false, tasks: [{ansible.builtin.ping: }]}\n"
VAULTED = """!vault |
        $ANSIBLE_VAULT;1.1;AES256
        3733
"""
HOSTS = "all: {hosts: {here: {ansible_connection: local}}}\n"


def look(files: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is said of a playbook and these files of an inventory."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    monkeypatch.setenv("ANSIBLE_HOME", str(folder / "ansible"))
    monkeypatch.setenv("RUNBOOK_STATE", str(folder))
    (folder / "inventory").mkdir()
    for name, text in files.items():
        (folder / "inventory" / name).write_text(text, encoding="utf-8")
    (folder / "ask.yml").write_text(PLAYBOOK, encoding="utf-8")
    return preflight.look(folder / "ask.yml", ["-i", str(folder / "inventory")])


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
    remarks = look(files, tmp_path, monkeypatch)
    assert [remark["stops"] for remark in remarks] == ([stops] if said else [])
    assert all(re.match(said, remark["message"]) for remark in remarks), remarks


def test_a_part_that_fails_takes_nothing_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The arguments of ssh make no sense, and a vault has no password."""
    hosts = f'all: {{vars: {{ansible_ssh_extra_args: "\'"}}}}\nreal:\n  hosts:\n    vm:\n      registry_username: {VAULTED}'
    first, second = look({"hosts.yml": hosts}, tmp_path, monkeypatch)
    assert (first["stops"], second["stops"]) == (True, False)
    assert first["message"].startswith("registry_username of vm: it is encrypted, and cannot be decrypted")
    assert second["message"] == "a part of the preflight failed: ValueError: No closing quotation"


@pytest.mark.parametrize("line", [b"vm ssh-ed25519 AAAAC3Nza\n", b"# caf\xe9\n"])
def test_known_hosts_that_make_no_sense_are_left_to_ssh(line: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, theirs = tmp_path / "known_hosts", ssh.Answer([], ["ssh was asked"])
    file.write_bytes(line)
    monkeypatch.setattr(ssh, "_last_word", lambda *_arguments: theirs)
    login = ssh.Login("vm", "127.0.0.1", ("ssh",), "", "", ())
    assert ssh._with_paramiko(login, ssh.Settings(port=["1"]), KnownHosts([file])) == theirs


def test_hosts_that_are_lost_for_different_reasons_stop_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One lacks the vault's password, and the other a key that ssh takes."""
    hosts = (
        "all:\n  hosts:\n    mute: {ansible_host: vault.invalid, ansible_port: 1, ansible_connection: ssh}\n"
        f"    here:\n      ansible_connection: local\n      registry_username: {VAULTED}"
    )
    remarks = look({"hosts.yml": hosts}, tmp_path, monkeypatch)
    assert [remark["stops"] for remark in remarks] == [True, True], remarks
