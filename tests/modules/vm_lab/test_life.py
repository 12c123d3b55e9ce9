# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A lab is made once, completed where something is missing, and removed without a trace, whatever happened to it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.vm.client import DEFAULT_HOST, reachable
from ansible.module_utils.registry_lab.vm.front import Front
from ansible.module_utils.registry_lab.vm.lab import VmLab
from ansible.module_utils.registry_lab.vm.spec import SERVICES

from modules.vm_lab.traces import interfaces, traces


def answering(vm: Any) -> list[str]:
    return [service.name for service in SERVICES if Front(vm.parts.vm, service).answers()]


def container_ids(vm: Any) -> set[str]:
    return set(vm.docker("container", "ls", "--no-trunc", "--quiet", "--filter", f"name={vm.name}").stdout.split())


def test_a_second_run_changes_nothing(vm_lab: Any) -> None:
    before = container_ids(vm_lab), vm_lab.compose_path.stat().st_mtime_ns
    assert vm_lab.lab.missing() == []
    assert vm_lab.lab.up() == []
    assert (container_ids(vm_lab), vm_lab.compose_path.stat().st_mtime_ns) == before


@pytest.mark.parametrize(("host", "engine"), [(None, "existing"), ("unix:///nowhere/docker.sock", "own")])
def test_nothing_is_left(new_vm_lab: Any, monkeypatch: pytest.MonkeyPatch, host: str | None, engine: str) -> None:
    if host is None and not reachable(DEFAULT_HOST):
        pytest.skip("no engine runs on this machine")
    monkeypatch.setenv("DOCKER_HOST", host or DEFAULT_HOST)
    of_others = interfaces() & {"docker0", "lo", "eth0"}
    vm = new_vm_lab()
    assert vm.facts["engine"] == engine
    ours = bridges(vm)
    assert ours <= interfaces()
    assert len(answering(vm)) == len(SERVICES)
    vm.ssh(["true"])  # a shared connection stays open behind it
    assert traces(vm.name, str(vm.folder)) != []
    assert vm.lab.down()
    assert traces(vm.name, str(vm.folder)) == []
    assert ours.isdisjoint(interfaces())
    assert of_others <= interfaces()
    assert not vm.lab.down()


def bridges(vm: Any) -> set[str]:
    """The interfaces that the lab's networks have on the machine."""
    network = vm.docker("network", "inspect", "--format", "{{.Id}}", f"{vm.name}_registry").stdout.strip()
    return {f"br-{network[:12]}"}


def test_two_labs_do_not_collide(vm_lab: Any, new_vm_lab: Any) -> None:
    other = new_vm_lab("own")
    assert set(vm_lab.addresses.values()).isdisjoint(other.addresses.values())
    assert answering(vm_lab) == answering(other) == [service.name for service in SERVICES]
    other.lab.down()
    assert len(answering(vm_lab)) == len(SERVICES)
    assert vm_lab.lab.missing() == []


def test_what_stopped_is_started_and_what_was_edited_stays(new_vm_lab: Any) -> None:
    vm = new_vm_lab()
    edited = vm.compose_path.read_text() + "# by hand\n"
    vm.compose_path.write_text(edited)
    vm.docker("stop", "--time", "0", vm.container("registry-private"), vm.container("registry-nginx"))
    vm.parts.ssh.stop()
    assert vm.lab.missing() == ["services", "ssh"]
    assert vm.lab.up() == ["services", "ssh"]
    assert len(answering(vm)) == len(SERVICES)
    assert vm.compose_path.read_text() == edited


def test_an_engine_that_was_killed_is_started_again_or_removed(new_vm_lab: Any) -> None:
    vm = new_vm_lab("own")
    ours = bridges(vm)
    kill_dockerd(vm)
    assert vm.lab.up()[0] == "engine"
    assert vm.lab.missing() == []
    assert len(answering(vm)) == len(SERVICES)
    kill_dockerd(vm)
    vm.lab.down()
    assert traces(vm.name, str(vm.folder)) == []
    assert ours.isdisjoint(interfaces())


def kill_dockerd(vm: Any) -> None:
    """Its containers run on, with nobody to look after them."""
    pid = int((vm.folder / "engine" / "dockerd.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)


#: What is there at the moment of the kill: the file below the lab's folder whose appearance is waited for.
MOMENTS = [
    ("auto", "vm.json", "remove"),
    ("auto", "opt/registry/htpasswd", "finish"),
    ("auto", "inventory/hosts.yml", "remove"),
    ("auto", "filled", "finish"),
    ("auto", "ssh/user_key.pub", "remove"),
    ("own", "engine/daemon.json", "remove"),
    ("own", "docker.sock", "finish"),
]


@pytest.mark.parametrize(("engine", "moment", "then"), MOMENTS)
def test_a_killed_run_is_finished_or_removed(folder: str, engine: str, moment: str, then: str) -> None:
    kill_when(folder, moment, engine)
    name = VmLab(folder).parts().vm.name
    if then == "finish":
        VmLab(folder).up()
        assert VmLab(folder).missing() == []
    assert VmLab(folder).down()
    assert traces(name, folder) == []


def kill_when(folder: str, moment: str, engine: str) -> None:
    """Start to make a lab in a process of its own, and kill that when a file appears."""
    import sys

    script = f"from module_utils.registry_lab.vm.lab import VmLab; VmLab({folder!r}, {engine!r}).up()"
    root = str(Path(__file__).resolve().parents[3])
    with subprocess.Popen([sys.executable, "-c", script], cwd=root) as making:
        deadline = time.monotonic() + 60
        while not os.path.exists(os.path.join(folder, moment)):
            assert making.poll() is None and time.monotonic() < deadline
            time.sleep(0.002)
        making.kill()


def test_a_mount_below_the_folder_is_not_emptied(new_vm_lab: Any, tmp_path: Path) -> None:
    vm = new_vm_lab()
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    (vm.folder / "elsewhere").mkdir()
    subprocess.run(["mount", "--bind", str(tmp_path), str(vm.folder / "elsewhere")], check=True)
    vm.lab.down()
    assert precious.read_text() == "keep me"
    assert traces(vm.name, str(vm.folder)) == []
