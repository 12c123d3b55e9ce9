# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A real SSH server on loopback, with a host key and a user's key of its own, and an inventory that leads to it."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

PROGRAM = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
USER = pwd.getpwuid(os.getuid()).pw_name
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
"""
_SECONDS = 10.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_key(path: Path, passphrase: str = "", kind: str = "ed25519") -> None:
    path.unlink(missing_ok=True)
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "test", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)


class Server:
    """``folder`` holds ``host_key``, ``user_key``, ``known_hosts`` and ``hosts.yml``, which knows the server as ``vm``."""

    def __init__(self, folder: Path) -> None:
        assert PROGRAM, "sshd is missing"
        self.folder, self.port = folder, free_port()
        for name in ("host_key", "user_key"):
            make_key(folder / name)
        (folder / "sshd_config").write_text(_CONFIG.format(port=self.port, folder=folder), encoding="utf-8")
        self.know(folder / "host_key.pub")
        self.inventory()
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # as the system's own start does
        command = [PROGRAM, "-D", "-e", "-f", str(folder / "sshd_config")]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + _SECONDS
        while not self._answers():
            assert self._process.poll() is None and time.monotonic() < deadline, "sshd does not come up"
            time.sleep(0.02)

    def know(self, *keys: Path, name: str = "127.0.0.1") -> None:
        """Let these be the known host keys, of the host that ``name`` is or matches."""
        lines = [f"[{name}]:{self.port} {key.read_text(encoding='ascii')}" for key in keys]
        (self.folder / "known_hosts").write_text("".join(lines), encoding="ascii")

    def inventory(
        self,
        *more: str,
        python: str = sys.executable,
        key: str = "user_key",
        address: str = "127.0.0.1",
        port: int = 0,
        name: str = "vm",
    ) -> Path:
        """Write the inventory anew; ``more`` are lines of variables of the host."""
        known = f"-F /dev/null -o UserKnownHostsFile={self.folder}/known_hosts -o GlobalKnownHostsFile=/dev/null -o IdentitiesOnly=yes"
        variables = [
            f"ansible_host: {address}",
            f"ansible_port: {port or self.port}",
            f"ansible_user: {USER}",
            f"ansible_ssh_private_key_file: {self.folder / key}",
            f"ansible_ssh_common_args: {known}",
            "ansible_ssh_args: ''",
            f"ansible_python_interpreter: {python}",
            *more,
        ]
        path = self.folder / "hosts.yml"
        lines = ["all:", "  hosts:", f"    {name}:", *(f"      {line}" for line in variables)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(_SECONDS)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
