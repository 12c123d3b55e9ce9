# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Where no lab can be made, one clear error says why and what to do, and nothing was made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.errors import LabError
from ansible.module_utils.registry_lab.vm.lab import VmLab

ROOT = Path(__file__).resolve().parents[3]
NO_ENGINE = "unix:///nowhere/docker.sock"


def refused(folder: str, engine: str = "auto") -> str:
    """The error of a lab that cannot be made; in check mode it is the same."""
    errors = []
    for attempt in (VmLab(folder, engine).missing, VmLab(folder, engine).up):
        with pytest.raises(LabError) as error:
            attempt()
        errors.append(str(error.value))
    assert errors[0] == errors[1]
    assert not os.path.exists(folder) or os.listdir(folder) == ["mine"]
    return errors[0]


def test_no_engine_on_this_machine(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for host in (NO_ENGINE, "tcp://192.0.2.1:2375"):
        monkeypatch.setenv("DOCKER_HOST", host)
        assert f"{host}: no engine answers" in refused(folder, "existing")


@pytest.mark.parametrize("program", ["docker", "nginx", "sshd", "busybox", "dockerd"])
def test_a_missing_program_is_named_with_its_package(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    from ansible.module_utils.registry_lab.vm import rootfs

    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("busybox", "docker", "dockerd", "ip", "iptables", "nginx", "ssh", "ssh-keygen", "sshd", "unshare"):
        if name != program:
            (programs / name).symlink_to(rootfs.program(name))
    monkeypatch.setattr(rootfs, "_ADMINISTRATORS", "")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("DOCKER_HOST", NO_ENGINE)
    error = refused(folder)
    assert f"needs {program}" in error
    assert f"apt-get install {rootfs.PACKAGES[program]}" in error


def test_a_folder_of_somebody_else_stays(folder: str) -> None:
    os.mkdir(folder)
    (Path(folder) / "mine").write_text("")
    with pytest.raises(LabError, match="is no lab's folder"):
        VmLab(folder).up()
    with pytest.raises(LabError, match="is no lab's folder"):
        VmLab(folder).down()
    assert os.listdir(folder) == ["mine"]
    (Path(folder) / "mine").unlink()
    os.rmdir(folder)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/tmp/" + "long" * 20, "too long for sockets"),  # noqa: S108
        ("/tmp/with blank", "letters, digits"),  # noqa: S108
        ("/etc/lab", "a view of its own"),
        ("/var/run/lab", "a view of its own"),
    ],
)
def test_paths_that_cannot_hold_a_lab(path: str, reason: str) -> None:
    assert reason in refused(path)


def test_a_full_disk_is_told_before_anything_is_made(tmp_path: Path) -> None:
    small = Path("/tmp") / f"vm-small-{os.getpid()}"  # noqa: S108 -- a short path
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "small", str(small)], check=True)
    try:
        assert "needs 1 GiB of disk, and there is 8 MiB" in refused(str(small / "lab"))
    finally:
        subprocess.run(["umount", str(small)], check=True)
        small.rmdir()


def test_it_needs_root(tmp_path: Path) -> None:
    script = "from module_utils.registry_lab.vm.lab import VmLab; VmLab('/tmp/vm-x').up()"
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-c", script]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "LabError: needs root" in outcome.stderr


def test_one_run_at_a_time(vm_lab: Any) -> None:
    with vm_lab.lab.locked():
        for attempt in (vm_lab.lab.up, vm_lab.lab.down):
            with pytest.raises(LabError, match="another run is working on this lab"):
                attempt()
    assert vm_lab.lab.missing() == []


def test_an_engine_that_went_away_is_told(vm_lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = vm_lab.lab.parts()
    if parts.vm.own_engine:
        pytest.skip("this lab has an engine of its own")
    parts.vm.docker_host = NO_ENGINE
    monkeypatch.setattr(VmLab, "parts", lambda _self: parts)
    with pytest.raises(LabError, match=r"does not answer.*Start it"):
        vm_lab.lab.up()
