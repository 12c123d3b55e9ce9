# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The images and containers of a lab in its engine: brought in, started, removed."""

from __future__ import annotations

import os
import time
from typing import List

from ..errors import LabError
from . import dockerd, rootfs
from .client import Docker
from .front import Front
from .project import compose_path
from .spec import FRONT, SERVICES, UPSTREAM, Vm

_SECONDS = 90.0
_POLL_SECONDS = 0.1


class Services:
    """What the engine holds for one lab."""

    def __init__(self, vm: Vm, docker: Docker) -> None:
        self._vm = vm
        self._docker = docker
        self._label = f"registry-lab={vm.name}"
        self._project = f"com.docker.compose.project={vm.name}"

    def imported(self) -> bool:
        """Whether the engine has every image."""
        have = self._docker.run("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", check=False).split()
        return set(self._images()) <= set(have)

    def import_images(self) -> None:
        """Make the images of this machine's programs, the same binary once."""
        self._import(rootfs.nginx(), self._vm.image("nginx", "1"))
        exact = {tag: binary for tag, binary in self._vm.images.items() if "." in tag}
        for tag, binary in exact.items():
            self._import(rootfs.registry(binary), self._vm.image("registry", tag))
        same = next(tag for tag, binary in exact.items() if binary == self._vm.images[self._vm.floating])
        self._docker.run("tag", self._vm.image("registry", same), self._vm.image("registry", self._vm.floating))

    def _import(self, made: rootfs.Rootfs, name: str) -> None:
        changes = [part for change in made.changes for part in ("--change", change)]
        self._docker.run("import", *changes, "-", name, content=made.tar)

    def _images(self) -> List[str]:
        return [self._vm.image("nginx", "1"), *(self._vm.image("registry", tag) for tag in self._vm.images)]

    def running(self) -> bool:
        """Whether every container runs."""
        names = self._docker.run("container", "ls", "--filter", "status=running", "--format", "{{.Names}}", check=False).split()
        wanted = [*(service.name for service in SERVICES), FRONT, UPSTREAM]
        return {self._vm.container(service) for service in wanted} <= set(names)

    def start(self) -> None:
        """Start what does not run, the upstream first: caches ask it how to log in. Containers that are there stay as they are."""
        self._docker.compose("up", "--no-start", "--no-recreate")
        if self._vm.own_engine:
            network = self._docker.run("network", "inspect", "--format", "{{.Id}}", f"{self._vm.name}_registry")
            dockerd.let_through(self._vm.name, f"br-{network[:12]}")
        self._start_upstream()
        self._docker.compose("up", "--detach", "--no-recreate")
        self.wait()

    def wait(self) -> None:
        """Wait until every service answers; LabError where one does not."""
        deadline = time.monotonic() + _SECONDS
        while not all(Front(self._vm, service).answers() for service in SERVICES):
            if time.monotonic() > deadline:
                raise LabError("the services do not answer", where=self._vm.folder, advice=self._logs())
            time.sleep(_POLL_SECONDS)

    def _start_upstream(self) -> None:
        name = self._vm.container(UPSTREAM)
        if self._docker.ids("container", f"name=^{name}$"):
            self._docker.run("start", name)
            return
        options = ["--detach", "--name", name, "--label", self._label, "--restart", "unless-stopped"]
        options += ["--network", f"{self._vm.name}_registry", "--network-alias", UPSTREAM]
        options += ["--volume", f"{self._vm.path('upstream')}:/var/lib/registry"]
        self._docker.run("run", *options, self._vm.image("registry", self._vm.floating))

    def _logs(self) -> str:
        containers = self._docker.run(
            "container", "ls", "--all", "--format", "{{.Names}} {{.Status}}", "--filter", f"name={self._vm.name}"
        )
        return f"{containers}\n{self._docker.compose('logs', '--tail', '3')[-1500:]}"

    def stop(self) -> None:
        """Stop every container of the lab at once, so that no engine starts one again by itself."""
        running = self._ids("container")
        if running:
            self._docker.run("container", "stop", "--time", "0", *running)

    def remove(self) -> None:
        """Remove every container, network, volume and image of the lab, whatever was made of them meanwhile."""
        images = self._docker.ids("image", f"reference={self._vm.name}.invalid/*")
        containers = [
            *self._ids("container"),
            *(one for image in images for one in self._docker.ids("container", f"ancestor={image}")),
        ]
        if containers:
            self._docker.run("container", "rm", "--force", "--volumes", *dict.fromkeys(containers))
        for kind in ("network", "volume"):
            found = self._ids(kind)
            if found:
                self._docker.run(kind, "rm", *found)
        if images:
            self._docker.run("image", "rm", "--force", *images)

    def _ids(self, kind: str) -> List[str]:
        found = [*self._docker.ids(kind, f"label={self._project}"), *self._docker.ids(kind, f"label={self._label}")]
        return list(dict.fromkeys(found))

    @property
    def described(self) -> bool:
        """Whether there is a compose file to start from."""
        return os.path.exists(compose_path(self._vm))
