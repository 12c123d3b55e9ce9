# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Sessions have a view of their own of the machine: real paths to write to, which the machine never sees."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

WRITTEN = [
    "/etc/cron.d/lab-was-here",
    "/etc/systemd/system/lab-was-here.timer",
    "/var/spool/cron/crontabs/lab-was-here",
    "/usr/local/bin/lab-was-here",
    "/var/log/lab-was-here",
]


@pytest.mark.parametrize("path", WRITTEN)
def test_what_is_written_stays_in_the_lab(vm_lab: Any, path: str) -> None:
    vm_lab.ssh(["sh", "-c", f"echo here >{path}"])
    assert vm_lab.ssh(["cat", path]).stdout == "here\n"
    assert not os.path.exists(path)
    vm_lab.ssh(["rm", path])


def test_what_is_removed_stays_on_the_machine(vm_lab: Any) -> None:
    vm_lab.ssh(["mv", "/etc/hostname", "/etc/hostname.moved"])
    assert os.path.exists("/etc/hostname")
    vm_lab.ssh(["mv", "/etc/hostname.moved", "/etc/hostname"])


def test_the_machines_own_services_cannot_be_reached(vm_lab: Any) -> None:
    for folder in ("/run/systemd", "/run/dbus", "/run/docker", "/run/containerd"):
        assert vm_lab.ssh(["sh", "-c", f"ls -A {folder} 2>/dev/null || true"]).stdout == ""


def test_changes_outlive_the_ssh_server(vm_lab: Any) -> None:
    vm_lab.ssh(["sh", "-c", "echo stays >/etc/lab-stays"])
    vm_lab.parts.ssh.stop()
    assert vm_lab.lab.up() == ["ssh"]
    assert vm_lab.ssh(["cat", "/etc/lab-stays"]).stdout == "stays\n"
    vm_lab.ssh(["rm", "/etc/lab-stays"])


def test_only_the_labs_key_opens_the_door(vm_lab: Any, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    other = ["ssh", "-F", "/dev/null", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-i", str(tmp_path / "key")]
    other += [
        "-o",
        f"UserKnownHostsFile={vm_lab.folder}/ssh/known_hosts",
        "-p",
        str(vm_lab.parts.vm.ssh_port),
        "root@127.0.0.1",
        "id",
    ]
    refused = subprocess.run(other, capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout) == (255, "")
    assert "Permission denied (publickey)" in refused.stderr


def test_nobody_else_reads_the_folder(vm_lab: Any) -> None:
    assert vm_lab.folder.stat().st_mode & 0o077 == 0
