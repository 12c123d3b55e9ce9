# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The way to "the VM": an SSH server on loopback whose sessions live in the lab's own view of the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from typing import Dict, List

from ..daemon import Daemon
from ..errors import LabError
from . import private
from .client import Docker
from .rootfs import program
from .spec import Vm, write_new

_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
UsePAM no
UseDNS no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowUsers root
MaxSessions 100
MaxStartups 100
PrintMotd no
Subsystem sftp internal-sftp
SetEnv {environment}
"""
_SECONDS = 10.0


class SshServer:
    """The SSH server of one lab, and how to reach it."""

    def __init__(self, vm: Vm, docker: Docker) -> None:
        self._vm = vm
        self._docker = docker
        self._folder = vm.path("ssh")
        self._name = f"{vm.name}-ssh"
        self._daemon = Daemon(os.path.join(self._folder, "sshd.pid"))

    @property
    def options(self) -> List[str]:
        """Options for a client: our key, our known host, and a shared connection that dies with the lab."""
        known, control = f"{self._folder}/known_hosts", f"{self._folder}/control"
        pairs = [
            f"UserKnownHostsFile={known}",
            "GlobalKnownHostsFile=/dev/null",
            "StrictHostKeyChecking=yes",
            "IdentitiesOnly=yes",
        ]
        pairs += [f"IdentityFile={self._folder}/user_key", "ControlMaster=auto", f"ControlPath={control}", "ControlPersist=60s"]
        return ["-F", "/dev/null", *(part for pair in pairs for part in ("-o", pair))]

    def command(self, remote: str) -> List[str]:
        """The command that runs the shell command ``remote`` on "the VM"."""
        return ["ssh", *self.options, "-p", str(self._vm.ssh_port), "root@127.0.0.1", remote]

    def works(self) -> bool:
        """Whether a session can be had in which the client finds its engine."""
        if self._daemon.pid is None:
            return False
        answer = subprocess.run(self.command("docker version"), capture_output=True, stdin=subprocess.DEVNULL, check=False)
        return answer.returncode == 0

    def start(self) -> None:
        """Start it anew, with the keys and the changes of before; LabError with the end of its log where it fails."""
        self.stop()
        self._write()
        sshd = [program("sshd"), "-D", "-e", "-f", f"{self._folder}/sshd_config"]
        log = f"{self._folder}/sshd.log"
        self._daemon.start(private.command(self._folder, self._name, sshd), log, dict(os.environ))
        deadline = time.monotonic() + _SECONDS
        while not self.works():
            if self._daemon.pid is None or time.monotonic() > deadline:
                raise LabError("the SSH server does not work", where=self._vm.folder, advice=f"Its log ends:\n{_tail(log)}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it with all its sessions; nothing where it does not run."""
        self._daemon.stop()
        private.evict(self._name)

    def _write(self) -> None:
        os.makedirs(self._folder, exist_ok=True)
        for key in ("host_key", "user_key"):
            _make_key(os.path.join(self._folder, key))
        with open(f"{self._folder}/host_key.pub", encoding="ascii") as file:
            write_new(f"{self._folder}/known_hosts", f"[127.0.0.1]:{self._vm.ssh_port} {file.read()}")
        environment = " ".join(f"{name}={value}" for name, value in self._environment().items())
        write_new(
            f"{self._folder}/sshd_config", _CONFIG.format(port=self._vm.ssh_port, folder=self._folder, environment=environment)
        )

    def _environment(self) -> Dict[str, str]:
        """Of every session. The sockets of the machine's /run are seen through a mount of their own."""
        host = self._vm.docker_host
        for prefix in ("unix:///var/run/", "unix:///run/"):
            if host.startswith(prefix):
                host = f"unix://{private.machine_run(self._folder)}/{host[len(prefix) :]}"
        folders = [
            os.path.dirname(program("docker")),
            "/usr/local/sbin",
            "/usr/local/bin",
            "/usr/sbin",
            "/usr/bin",
            "/sbin",
            "/bin",
        ]
        return {**self._docker.environment(), "DOCKER_HOST": host, "PATH": ":".join(dict.fromkeys(folders))}


def _make_key(path: str) -> None:
    if os.path.exists(f"{path}.pub"):
        return
    unfinished = f"{path}.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    os.mkdir(unfinished, 0o700)
    command = [program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "registry-lab", "-f", f"{unfinished}/key"]
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    os.replace(f"{unfinished}/key", path)
    os.replace(f"{unfinished}/key.pub", f"{path}.pub")
    os.rmdir(unfinished)


def _tail(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return "".join(file.readlines()[-12:])
