# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""An engine of the lab's own, without systemd: dockerd with all that it has below the lab's folder, seen by nobody else."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import time
from typing import Dict, List

from ..daemon import Daemon
from ..errors import LabError
from . import private
from .cgroups import remove_cgroups
from .client import reachable
from .rootfs import program
from .spec import Vm, write_new

_SECONDS = 60.0
_BRIDGE = re.compile(rb"br-[0-9a-f]{12}")


class OwnEngine:
    """Changes nothing of the machine but its bridges, which go with their networks, and one rule for each where one is needed."""

    def __init__(self, vm: Vm) -> None:
        self._vm = vm
        self._folder = vm.path("engine")
        self._name = f"{vm.name}-engine"
        self._daemon = Daemon(os.path.join(self._folder, "dockerd.pid"))

    @property
    def runs(self) -> bool:
        """Whether it answers."""
        return self._daemon.pid is not None and reachable(self._vm.docker_host)

    def start(self) -> None:
        """Start it anew, with the containers of before; LabError with the end of its log where it fails."""
        self._kill()
        os.makedirs(self._folder, exist_ok=True)
        write_new(os.path.join(self._folder, "daemon.json"), "{}\n")
        # "none" would make it delete docker0, which another engine may have
        subprocess.run([program("ip"), "link", "add", self._vm.name, "type", "bridge"], check=True, capture_output=True)
        log = os.path.join(self._folder, "dockerd.log")
        self._daemon.start(private.command(self._folder, self._name, self._command()), log, _environment())
        deadline = time.monotonic() + _SECONDS
        while not self.runs:
            if self._daemon.pid is None or time.monotonic() > deadline:
                self._kill()
                raise LabError("dockerd does not start", where=self._vm.folder, advice=f"Its log ends:\n{_tail(log)}")
            time.sleep(0.1)

    def destroy(self) -> None:
        """End it with all its containers, and remove its networks from the machine; its data stay in the folder."""
        self._kill()
        for bridge in self._bridges():
            _delete_link(bridge)
        remove_rules(self._vm.name)

    def _kill(self) -> None:
        """End all that is left of it: containers outlive a dockerd that was killed."""
        private.evict(self._name)
        remove_cgroups(self._vm.name)
        _delete_link(self._vm.name)
        for name in ("docker.pid", "dockerd.pid"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(self._folder, name))
        shutil.rmtree(os.path.join(self._folder, "exec"), ignore_errors=True)  # names processes that are no more

    def _bridges(self) -> List[str]:
        """The interfaces of all networks that it ever had, as its database names them."""
        try:
            with open(os.path.join(self._folder, "data", "network", "files", "local-kv.db"), "rb") as file:
                return sorted({name.decode() for name in _BRIDGE.findall(file.read())})
        except FileNotFoundError:
            return []

    def _command(self) -> List[str]:
        options = {
            "host": self._vm.docker_host,
            "config-file": os.path.join(self._folder, "daemon.json"),
            "data-root": os.path.join(self._folder, "data"),
            "exec-root": os.path.join(self._folder, "exec"),
            "pidfile": os.path.join(self._folder, "docker.pid"),
            "cgroup-parent": f"/{self._vm.name}",
            "exec-opt": "native.cgroupdriver=cgroupfs",
            "bridge": self._vm.name,
            "iptables": "false",
            "ip-forward": "false",
            "ip-masq": "false",
        }
        return [program("dockerd"), *(f"--{name}={value}" for name, value in options.items())]


def _delete_link(name: str) -> None:
    """Delete a network interface; nothing where there is none of that name."""
    subprocess.run([program("ip"), "link", "delete", name], capture_output=True, check=False)


def let_through(name: str, bridge: str) -> None:
    """Where the machine's firewall looks at bridged packets and drops what it does not know: let the lab's own bridge through."""
    try:
        with open("/proc/sys/net/bridge/bridge-nf-call-iptables", encoding="ascii") as file:
            looks = file.read().strip() == "1"
    except FileNotFoundError:
        return
    if looks and not _rules(name):
        rule = ["FORWARD", "-i", bridge, "-o", bridge, "-m", "comment", "--comment", name, "-j", "ACCEPT"]
        subprocess.run([program("iptables"), "-w", "-I", *rule], check=True, capture_output=True)


def remove_rules(name: str) -> None:
    """Remove what :func:`let_through` added."""
    for rule in _rules(name):
        subprocess.run([program("iptables"), "-w", "-D", *rule], check=True, capture_output=True)


def _rules(name: str) -> List[List[str]]:
    """The rules of this name, each as its arguments without the leading -A."""
    if shutil.which("iptables") is None:
        return []
    answer = subprocess.run(["iptables", "-w", "-S", "FORWARD"], capture_output=True, text=True, check=False)
    return [line.split()[1:] for line in answer.stdout.splitlines() if f"--comment {name} " in line]


def _environment() -> Dict[str, str]:
    folders = [*os.environ.get("PATH", os.defpath).split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"]
    return {"PATH": ":".join(dict.fromkeys(folders))}


def _tail(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return "".join(file.readlines()[-12:])
