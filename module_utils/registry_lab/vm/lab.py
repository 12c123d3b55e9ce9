# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One vm lab: made step by step, each step only where it is needed; removed without a trace, however far it came."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import time
from typing import Any, BinaryIO, Callable, Dict, Iterator, List, NamedTuple

from ..errors import LabError
from ..folder import LabFolder
from . import content, fitness, inventory, project
from .ci import Ci
from .client import Docker, compose_command, reachable
from .dockerd import OwnEngine
from .services import Services
from .spec import SERVICES, USER, Vm, write_new
from .ssh import SshServer

#: a command that a killed run was just starting may hold its lock for a moment longer
_LOCK_SECONDS, _POLL_SECONDS = 2.0, 0.05


class VmFolder(LabFolder):
    """The folder of a vm lab, which none but :class:`VmLab` may remove: there is more to it than the folder."""

    mark = ".registry-vm-lab"


class Step(NamedTuple):
    """One step to a lab that runs."""

    name: str
    done: Callable[[], bool]
    do: Callable[[], None]


class Parts:
    """The parts of a lab that was begun."""

    def __init__(self, vm: Vm) -> None:
        self.vm = vm
        self.docker = Docker(vm)
        self.engine = OwnEngine(vm)
        self.services = Services(vm, self.docker)
        self.ssh = SshServer(vm, self.docker)
        self.ci = Ci(vm, self.docker)

    def steps(self) -> List[Step]:
        """All steps, in order."""
        filled = self.vm.path("filled")
        return [
            Step("files", lambda: os.path.exists(inventory.hosts_path(self.vm)), self._write),
            Step("engine", self.engine_runs, self._start_engine),
            Step("images", self.services.imported, self.services.import_images),
            Step("services", self.services.running, self.services.start),
            Step("content", lambda: os.path.exists(filled), self._fill),
            Step("ssh", self.ssh.works, self.ssh.start),
            Step("ci", lambda: self.ci.runs, self.ci.start),
        ]

    def engine_runs(self) -> bool:
        return self.engine.runs if self.vm.own_engine else reachable(self.vm.docker_host)

    def _write(self) -> None:
        self.docker.install_compose()
        content.fill_upstream(self.vm)
        project.write(self.vm)
        inventory.write(self.vm, self.ssh)

    def _start_engine(self) -> None:
        if not self.vm.own_engine:
            raise LabError("the engine that the lab lives in does not answer", where=self.vm.docker_host, advice="Start it again")
        self.engine.start()

    def _fill(self) -> None:
        content.push_builds(self.vm)
        content.warm_caches(self.vm)
        write_new(self.vm.path("filled"), "")


class VmLab:
    """The vm lab of one folder. ``engine``: auto, existing or own."""

    def __init__(self, folder: str, engine: str = "auto") -> None:
        self._folder = VmFolder(folder)
        self._engine = engine

    @property
    def begun(self) -> bool:
        """Whether there is anything of it; LabError for a folder of somebody else."""
        self._folder.refuse_foreign()
        return self._folder.exists

    def parts(self) -> Parts:
        """Its parts; LabError where it was not begun."""
        self._folder.refuse_foreign()
        return Parts(Vm.load(self._folder.path))

    def missing(self) -> List[str]:
        """Names of the steps that :meth:`up` would take; empty where all of it runs."""
        if not (self.begun and Vm.begun(self._folder.path)):
            self._check()
            return ["folder", "files", "engine", "images", "services", "content", "ssh", "ci"]
        return [step.name for step in self.parts().steps() if not step.done()]

    def up(self) -> List[str]:
        """Take every step that is needed; their names. A new lab that fails is removed again."""
        new = not self.begun
        if new:
            self._check()
        self._folder.make()
        try:
            with self.locked():
                return self._begin() + self._take_steps()
        except BaseException:
            if new:
                self.down()
            raise

    def _check(self) -> str:
        host = fitness.choose_engine(self._engine)
        fitness.check(self._folder.path, own_engine=not host)
        return host

    def _begin(self) -> List[str]:
        if Vm.begun(self._folder.path):
            return []
        host = self._check()
        Vm.new(self._folder.path, not host, host, fitness.choose_images())
        return ["folder"]

    def _take_steps(self) -> List[str]:
        taken, parts = [], self.parts()
        for step in parts.steps():
            if not step.done():
                step.do()
                taken.append(step.name)
        if taken:  # an engine that was started again starts its containers in its own time
            parts.services.wait()
        return taken

    def down(self) -> bool:
        """Remove all of it; whether there was anything."""
        if not self.begun:
            return False
        if Vm.begun(self._folder.path):
            with self.locked():
                self._clear(self.parts())
        self._folder.remove()
        return True

    def stop(self) -> bool:
        """End all that runs in it; its files stay, and :meth:`up` starts it again. Whether there was anything."""
        if not self.begun:
            return False
        if Vm.begun(self._folder.path):
            with self.locked():
                parts = self.parts()
                parts.ssh.stop()
                parts.ci.stop()
                if parts.engine_runs():
                    parts.services.stop()
                if parts.vm.own_engine:
                    parts.engine.destroy()
        self._folder.stop()
        return True

    def _clear(self, parts: Parts) -> None:
        parts.ssh.stop()
        parts.ci.stop()
        if parts.vm.own_engine:
            parts.engine.destroy()
        elif parts.engine_runs():
            parts.ci.remove()
            parts.services.remove()
        else:
            raise LabError(
                "the engine that the lab lives in does not answer", where=parts.vm.docker_host, advice="Start it, and try again"
            )
        _unmount_below(self._folder.path)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """While held, no other run changes the lab; LabError where one does."""
        with open(os.path.join(self._folder.path, VmFolder.mark), "rb") as file:
            deadline = time.monotonic() + _LOCK_SECONDS
            while not _locks(file):
                if time.monotonic() > deadline:
                    raise LabError("another run is working on this lab", where=self._folder.path, advice="Wait for it")
                time.sleep(_POLL_SECONDS)
            yield

    def describe(self) -> Dict[str, Any]:
        """All that one needs to use it; of a lab that was not begun only the folder. No secret."""
        if not (self.begun and Vm.begun(self._folder.path)):
            return {"folder": self._folder.path}
        return describe(self.parts())


def _locks(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def describe(parts: Parts) -> Dict[str, Any]:
    """A lab as the module's RETURN documents it."""
    vm = parts.vm
    return {
        "folder": vm.folder,
        "name": vm.name,
        "engine": "own" if vm.own_engine else "existing",
        "docker_host": vm.docker_host,
        "inventory": vm.path("inventory"),
        "compose_path": project.compose_path(vm),
        "compose_command": ["docker", *compose_command(vm)],
        "ca_path": project.ca_path(vm),
        "username": USER,
        "images": {tag: vm.image("registry", tag) for tag in vm.images},
        "services": [
            {
                "name": service.name,
                "address": vm.address(service.name),
                "scheme": service.scheme,
                "container": vm.container(service.name),
                "store": vm.project("data", service.store),
            }
            for service in SERVICES
        ],
        "ssh_command": parts.ssh.command("")[:-1],
        "commands": inventory.commands(vm),
    }


def _unmount_below(folder: str) -> None:
    """Whatever was mounted below the folder meanwhile must not be emptied with it."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        points = [line.split()[4] for line in file]
    for point in reversed(points):
        if point.startswith(f"{folder}/"):
            subprocess.run(["umount", "--lazy", point], check=True, capture_output=True)
