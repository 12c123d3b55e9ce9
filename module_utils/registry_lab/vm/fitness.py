# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether this machine can have a vm lab, said before anything is made."""

from __future__ import annotations

import importlib.util
import os
import shutil
from typing import Dict, List

from ..binaries import binaries, version_of
from ..errors import LabError
from .client import DEFAULT_HOST, find_compose, reachable
from .rootfs import PACKAGES, program
from .spec import check_path

_BYTES = 1 << 30
_PROGRAMS = ("busybox", "docker", "nginx", "ssh", "ssh-keygen", "sshd", "unshare")


def check(folder: str, own_engine: bool) -> None:
    """LabError that says what is missing and what to do."""
    check_path(folder)
    if os.geteuid() != 0:
        raise LabError(
            "needs root: it starts an SSH server with a view of its own of /etc", advice="Run it as root, or with sudo -E"
        )
    _check_programs([*_PROGRAMS, *(["dockerd", "ip"] if own_engine else [])])
    find_compose()
    _check_space(folder)
    if own_engine and not os.access("/proc/sys/net/ipv4/ip_forward", os.W_OK):
        raise LabError(
            "no engine runs, and none can be started here: /proc/sys is read-only", advice="Start Docker, or use a real machine"
        )


def _check_programs(names: List[str]) -> None:
    missing = [name for name in names if not _has(name)]
    if not (_has("htpasswd") or importlib.util.find_spec("bcrypt")):
        missing.append("apache2-utils")
    if missing:
        packages = " ".join(PACKAGES.get(name, name) for name in missing)
        raise LabError(f"needs {', '.join(missing)}", advice=f"On Debian or Ubuntu: apt-get install {packages}")


def _has(name: str) -> bool:
    try:
        return bool(program(name))
    except LabError:
        return False


def _check_space(folder: str) -> None:
    above = os.path.dirname(folder)
    while not os.path.isdir(above):
        above = os.path.dirname(above)
    free = shutil.disk_usage(above).free
    if free < _BYTES:
        raise LabError(
            f"needs 1 GiB of disk, and there is {free >> 20} MiB", where=above, advice="Name another folder for the lab"
        )


def choose_engine(wanted: str) -> str:
    """The host of the engine to use, empty for one of the lab's own; ``wanted``: auto, existing or own."""
    if wanted == "own":
        return ""
    host = os.environ.get("DOCKER_HOST") or DEFAULT_HOST
    if host.startswith("unix://") and _has("docker") and reachable(host):
        return host
    if wanted == "existing":
        raise LabError(
            "no engine answers, or it is not on this machine", where=host, advice="Start it, or let the lab start its own"
        )
    return ""


def choose_images() -> Dict[str, str]:
    """Tag of the registry's image: binary. Each binary has its version as tag; the first of major version 2 also has that alone."""
    found: Dict[str, str] = {}
    for binary in binaries():
        found.setdefault(".".join(map(str, version_of(binary))), binary)
    if not found:
        raise LabError("needs a registry binary", advice="On Debian or Ubuntu: apt-get install docker-registry")
    first = next((tag for tag in found if tag.startswith("2.")), next(iter(found)))
    return {first.partition(".")[0]: found[first], **found}
