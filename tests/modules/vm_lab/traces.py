# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a vm lab may leave on a machine."""

from __future__ import annotations

import glob
import os
import subprocess
from pathlib import Path

from ansible.module_utils.registry_lab.vm.client import DEFAULT_HOST, reachable

_ASKED = (
    ["container", "ls", "--all", "--format", "{{.Names}}"],
    ["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"],
    ["network", "ls", "--format", "{{.Name}}"],
    ["volume", "ls", "--format", "{{.Name}}"],
)


def traces(name: str, folder: str) -> list[str]:
    """Everything that carries the name of a lab or the path of its folder; empty where it left nothing."""
    found = [folder] if os.path.lexists(folder) else []
    found += [f"engine: {line}" for line in _in_the_engine() if name in line]
    found += [f"rule: {line}" for line in _lines("iptables", "-S", "FORWARD") if name in line]
    found += [f"link: {line}" for line in _lines("ip", "-brief", "link") if name in line]
    found += [f"mount: {line}" for line in Path("/proc/self/mountinfo").read_text().splitlines() if folder in line]
    found += glob.glob(f"/sys/fs/cgroup/{name}") + glob.glob(f"/sys/fs/cgroup/*/{name}")
    return found + [f"process: {text}" for text in _processes() if name in text or folder in text]


def interfaces() -> set[str]:
    """The network interfaces of this machine, those of single containers left out."""
    return {line.split()[0] for line in _lines("ip", "-brief", "link") if not line.startswith("veth")}


def _in_the_engine() -> list[str]:
    return (
        [line for asked in _ASKED for line in _lines("docker", "--host", DEFAULT_HOST, *asked)] if reachable(DEFAULT_HOST) else []
    )


def _lines(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()


def _processes() -> list[str]:
    """Command lines and mounts of every process but our own family."""
    ours = {os.getpid(), os.getppid()}
    texts = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        if int(entry) in ours:
            continue
        try:
            command = Path(f"/proc/{entry}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            texts.append(command + Path(f"/proc/{entry}/mountinfo").read_text(errors="replace"))
        except OSError:
            continue
    return texts
