# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Daemons with a view of their own of the machine's folders: what they and their children write there lands in the lab.

A private mount namespace holds overlays, all mounted from a source that carries the lab's name. They vanish with the last
process in it; by the name, every process that still lives there is found.
"""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import sys
import time
from typing import List

from ..errors import LabError
from .rootfs import program
from .spec import OVERLAID, write_new

_SCRIPT = """\
#!/bin/sh
# enter.sh NAME CHANGES RUN COMMAND...: in a mount namespace of its own, hide what must not be touched, then become COMMAND.
# CHANGES: folder for what is written to the overlaid folders. RUN: where the machine's real /run is still to be found.
set -eu
name=$1 changes=$2 run=$3
shift 3
if ! mountpoint -q /; then # a chroot: no container starts there until its root is a mount of its own
    mkdir -p "$changes/root"
    exec "{python}" -I "$(dirname "$0")/pivot.py" "$changes/root" "$0" "$name" "$changes" "$run" "$@"
fi
mkdir -p "$run"
mount --bind /run "$run"
for folder in {overlaid}; do
    [ -d "$folder" ] || continue
    mkdir -p "$changes$folder/upper" "$changes$folder/work"
    mount -t overlay "$name" -o "lowerdir=$folder,upperdir=$changes$folder/upper,workdir=$changes$folder/work" "$folder"
done
# no way to the machine's own init system, message bus and engines
for folder in /run/systemd /run/dbus /run/docker /run/containerd; do
    [ ! -d "$folder" ] || mount -t tmpfs "$name" "$folder"
done
mkdir -p /run/sshd /etc/cron.d /etc/systemd/system /var/spool/cron/crontabs
sed -i 's/^root:![^:]*:/root:*:/' /etc/shadow
# a shell that reads no start files: those of the machine are slow, and leave locks behind when a session is killed
sed -i '/^root:/s,:[^:]*$,:/bin/sh,' /etc/passwd
exec "$@"
"""
# chroot would not do: whoever enters the namespace later, as docker exec does, would be at the root of the machine
_PIVOT = """\
# pivot.py FOLDER COMMAND...: in a mount namespace of its own and in a chroot, mount the root at FOLDER and make that mount the root of the
# namespace, then become COMMAND. Nothing is mounted before all mounts are private: else it would be mounted, and unmounted, for the machine, too.
import ctypes, os, sys

libc = ctypes.CDLL(None, use_errno=True)
BIND, REC, PRIVATE, DETACH, NEWNS, PIVOT_ROOT = 0x1000, 0x4000, 1 << 18, 2, 0x20000, {pivot_root}

def must(result, what):
    if result != 0:
        sys.exit(f"pivot.py: {{what}}: {{os.strerror(ctypes.get_errno())}}")

root, own = (os.open(path, os.O_RDONLY) for path in ("/", "/proc/self/ns/mnt"))
folder = os.fsencode(os.path.realpath(sys.argv[1]).lstrip("/"))
must(libc.setns(own, NEWNS), "setns")  # out of the chroot, within the namespace
must(libc.mount(None, b"/", None, REC | PRIVATE, None), "mount --make-rprivate /")
os.fchdir(root)
must(libc.mount(b".", folder, None, BIND | REC, None), "mount --rbind /")
os.chdir(folder)
must(libc.syscall(PIVOT_ROOT, b".", b"."), "pivot_root")
must(libc.umount2(b".", DETACH), "umount")
os.chdir("/")
os.close(root), os.close(own)
os.execv(sys.argv[2], sys.argv[2:])
"""
#: number of the call, by machine: the C library has no name for it
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "armv7l": 218, "ppc64le": 203, "s390x": 217, "riscv64": 41}
_SECONDS = 10.0


def command(folder: str, name: str, argv: List[str]) -> List[str]:
    """``argv`` in a namespace of its own; ``folder`` takes the script and the changes, ``name`` marks its mounts."""
    script = os.path.join(folder, "enter.sh")
    write_new(script, _SCRIPT.format(overlaid=" ".join(OVERLAID), python=sys.executable), 0o700)
    if not _root_is_mounted():
        write_new(os.path.join(folder, "pivot.py"), _PIVOT.format(pivot_root=_PIVOT_ROOT.get(platform.machine(), -1)), 0o600)
    enter = [program("unshare"), "--mount", "--propagation", "private" if _root_is_mounted() else "unchanged", script]
    return [*enter, name, os.path.join(folder, "changes"), machine_run(folder), *argv]


def _root_is_mounted() -> bool:
    """Not so in a chroot, whose root is a folder of some mount."""
    return any(line.split()[4:5] == [b"/"] for line in _read("self", "mountinfo").splitlines())


def machine_run(folder: str) -> str:
    """Where the machine's real /run is in that namespace: its sockets do not work through an overlay."""
    return os.path.join(folder, "run")


def inhabitants(name: str) -> List[int]:
    """PIDs of all processes that live in a namespace of this name, or are on their way into it."""
    mark, argument = f" overlay {name} ".encode(), f"\0{name}\0".encode()
    every = [entry for entry in os.listdir("/proc") if entry.isdigit()]
    return [int(pid) for pid in every if mark in _read(pid, "mountinfo") or argument in _read(pid, "cmdline")]


def evict(name: str) -> None:
    """Kill every process that lives in a namespace of this name, and wait until they are gone."""
    deadline = time.monotonic() + _SECONDS
    while inhabitants(name):
        for pid in inhabitants(name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise LabError("processes of the lab do not end", where=f"pids {inhabitants(name)}")
        time.sleep(0.02)


def _read(pid: str, what: str) -> bytes:
    try:
        with open(f"/proc/{pid}/{what}", "rb") as file:
            return file.read()
    except OSError:
        return b""
