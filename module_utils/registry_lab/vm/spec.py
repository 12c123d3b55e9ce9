# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a vm lab is made of: its services, its names, and the paths below its folder."""

from __future__ import annotations

import json
import os
import re
import secrets
import tempfile
from typing import Any, Dict, NamedTuple, Tuple

from ..errors import LabError
from ..process import free_port

_STATE = "vm.json"
_LONGEST = 60  # characters of the folder's path: sockets below it may have 107
_PLAIN = re.compile(r"/[A-Za-z0-9._/-]+")
#: The machine's folders of which a lab has a view of its own, see private.py.
OVERLAID = ("/etc", "/run", "/usr/local", "/var/log", "/var/spool")


class Service(NamedTuple):
    """One registry of the compose file."""

    name: str
    store: str  # name of its folder below data/, and of its configuration
    port: int  # that nginx has for it, inside of its container
    cache: bool = True

    @property
    def scheme(self) -> str:
        """Of its port at nginx."""
        return "http" if self.cache else "https"


HOSTED = Service("registry-private", "private", 5050, cache=False)
CACHES = (
    Service("registry-dockerhub", "dockerhub", 5000),
    Service("registry-ghcr", "ghcr", 5010),
    Service("registry-quay", "quay", 5020),
    Service("registry-k8s", "k8s", 5030),
    Service("registry-kyverno", "kyverno", 5040),
)
SERVICES = (*CACHES, HOSTED)
FRONT = "registry-nginx"
UPSTREAM = "upstream"
USER = "ci"


class Vm:
    """The lasting facts of one lab. Everything that it makes outside of its folder carries ``name``."""

    def __init__(self, folder: str, state: Dict[str, Any]) -> None:
        self.folder = folder
        self.name: str = state["name"]
        self.own_engine: bool = state["own_engine"]
        self.docker_host: str = state["docker_host"]
        self.ssh_port: int = state["ssh_port"]
        self.ci_port: int = state.get("ci_port", 0)  # a lab of an older version has none
        self.ports: Dict[str, int] = state["ports"]
        self.images: Dict[str, str] = state["images"]

    @classmethod
    def new(cls, folder: str, own_engine: bool, docker_host: str, images: Dict[str, str]) -> Vm:
        """A lab with a name of its own and free ports; ``images``: tag of the registry's image to its binary."""
        ports = _free_ports(len(SERVICES) + 2)
        state = {"name": f"lab-{secrets.token_hex(4)}", "own_engine": own_engine, "images": images}
        state["docker_host"] = f"unix://{os.path.join(folder, 'docker.sock')}" if own_engine else docker_host
        state["ssh_port"], state["ci_port"] = ports[:2]
        state["ports"] = {service.name: port for service, port in zip(SERVICES, ports[2:])}
        write_new(os.path.join(folder, _STATE), json.dumps(state, indent=2) + "\n")
        write_new(os.path.join(folder, "password"), secrets.token_urlsafe(12))
        return cls(folder, state)

    @classmethod
    def load(cls, folder: str) -> Vm:
        """The lab of a folder; LabError where none was begun there."""
        try:
            with open(os.path.join(folder, _STATE), encoding="utf-8") as file:
                return cls(folder, json.load(file))
        except (OSError, ValueError, KeyError) as error:
            raise LabError(f"holds no vm lab ({error})", where=folder, advice="Start one: ./runbook lab up") from None

    @classmethod
    def begun(cls, folder: str) -> bool:
        """Whether there is one to :meth:`load`."""
        return os.path.exists(os.path.join(folder, _STATE))

    def path(self, *parts: str) -> str:
        """A path below the lab's folder."""
        return os.path.join(self.folder, *parts)

    def project(self, *parts: str) -> str:
        """A path below the folder of the compose project."""
        return self.path("opt", "registry", *parts)

    @property
    def password(self) -> str:
        """Of USER at the hosted registry."""
        with open(self.path("password"), encoding="ascii") as file:
            return file.read()

    def image(self, repository: str, tag: str) -> str:
        """Name of an image; its host can never be resolved, so that no engine pulls it or has one of that name already."""
        return f"{self.name}.invalid/{repository}:{tag}"

    @property
    def floating(self) -> str:
        """Tag of the registry's image that says only its major version: what the incident ran."""
        return next(tag for tag in self.images if "." not in tag)

    @property
    def pinned(self) -> str:
        """Tag of the newest exact version with the same major."""
        exact = [tag for tag in self.images if tag.startswith(f"{self.floating}.")]
        return max(exact, key=lambda tag: tuple(map(int, tag.split("."))))

    def container(self, service: str) -> str:
        """Name of a service's container."""
        return f"{self.name}-{service}"

    def address(self, service: str) -> str:
        """host:port of a service through nginx."""
        return f"127.0.0.1:{self.ports[service]}"


def check_path(folder: str) -> None:
    """LabError where a lab cannot live at this path."""
    if len(folder) > _LONGEST:
        raise LabError(f"the path is longer than {_LONGEST} characters, too long for sockets in it", where=folder, advice=_ADVICE)
    if not _PLAIN.fullmatch(folder):
        raise LabError("the path has characters other than letters, digits and ._-", where=folder, advice=_ADVICE)
    if os.path.realpath(folder).startswith(tuple(f"{top}/" for top in OVERLAID)):
        raise LabError("a lab gets a view of its own of that part of the machine", where=folder, advice=_ADVICE)


_ADVICE = "Name another folder for the lab, such as /tmp/registry-vm-lab"


def write_new(path: str, text: str, mode: int = 0o600) -> None:
    """Write a file that appears whole or not at all; nothing where it exists: it may have been changed on purpose."""
    if os.path.exists(path):
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(path))
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(temporary, mode)
    os.rename(temporary, path)


def _free_ports(count: int) -> Tuple[int, ...]:
    found: Dict[int, None] = {}
    while len(found) < count:
        found[free_port("127.0.0.1")] = None
    return tuple(found)
