# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The Docker client, always told which engine and which configuration folder, never the user's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import Dict, List, Optional

from ..errors import LabError
from .rootfs import program
from .spec import Vm

DEFAULT_HOST = "unix:///var/run/docker.sock"
_COMPOSE_ADVICE = (
    "Install Docker Compose 2 (Debian 13, Ubuntu: docker-compose-v2 or docker-compose), or: pip install -r requirements/lab.txt"
)


class Docker:
    """Runs ``docker`` against the engine of one lab."""

    def __init__(self, vm: Vm) -> None:
        self._vm = vm

    def environment(self) -> Dict[str, str]:
        """What the client needs to know, on top of the caller's environment."""
        return {"DOCKER_HOST": self._vm.docker_host, "DOCKER_CONFIG": self._vm.path("docker-config")}

    def run(self, *arguments: str, content: Optional[bytes] = None, check: bool = True) -> str:
        """What ``docker ARGUMENTS`` prints, without the end of line; LabError where it fails and ``check`` holds."""
        given = {**neutral_environment(), **self.environment()}
        answer = subprocess.run([program("docker"), *arguments], input=content, capture_output=True, env=given, check=False)
        if check and answer.returncode:
            said = answer.stderr.decode("utf-8", "replace").strip()
            raise LabError(f"docker {arguments[0]} failed: {said[-1500:]}", where=self._vm.folder)
        return answer.stdout.decode("utf-8", "replace").strip()

    def compose(self, *arguments: str) -> str:
        """``docker compose`` of the lab's project."""
        return self.run(*compose_command(self._vm), *arguments)

    def ids(self, kind: str, *filters: str) -> List[str]:
        """IDs of all the containers, images, volumes or networks (``kind``: singular) that all ``filters`` hold for."""
        every = ["--all"] if kind == "container" else []
        chosen = [part for one in filters for part in ("--filter", one)]
        return list(dict.fromkeys(self.run(kind, "ls", "--quiet", *every, *chosen).split()))

    def install_compose(self) -> None:
        """Make ``docker compose`` work with the lab's own configuration folder."""
        plugins = self._vm.path("docker-config", "cli-plugins")
        target = os.path.join(plugins, "docker-compose")
        if not os.path.exists(target):
            os.makedirs(plugins, exist_ok=True)
            os.symlink(find_compose(), target)


def neutral_environment() -> Dict[str, str]:
    """The caller's, without what would lead Docker and Compose elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("DOCKER_", "COMPOSE_"))}


def compose_command(vm: Vm) -> List[str]:
    """The arguments that select the lab's project, ``docker`` left out."""
    return ["compose", "--project-directory", vm.project(), "-f", vm.project("docker-compose.yml")]


def find_compose() -> str:
    """Path of Compose 2: the plugin that ``docker`` has, else a program ``docker-compose`` beside this Python or on PATH."""
    beside = os.path.join(os.path.dirname(sys.executable), "docker-compose")
    for path in (_plugin(), beside, shutil.which("docker-compose")):
        if path and os.path.exists(path) and _is_compose_2(path):
            return path
    raise LabError("needs Docker Compose 2", advice=_COMPOSE_ADVICE)


def _plugin() -> str:
    """Path of the client's own plugin, or nothing. The client says it even where no engine answers."""
    answer = subprocess.run(
        [program("docker"), "info", "--format", "{{json .ClientInfo.Plugins}}"], capture_output=True, check=False
    )
    try:
        plugins = json.loads(answer.stdout or b"null") or []
    except ValueError:
        return ""
    return next((str(plugin["Path"]) for plugin in plugins if plugin.get("Name") == "compose"), "")


def _is_compose_2(path: str) -> bool:
    answer = subprocess.run([path, "version", "--short"], capture_output=True, text=True, check=False)
    return answer.returncode == 0 and answer.stdout.strip().lstrip("v").partition(".")[0] not in ("", "1")


def reachable(host: str) -> bool:
    """Whether an engine answers there."""
    given = {**neutral_environment(), "DOCKER_HOST": host}
    command = [program("docker"), "version", "--format", "{{.Server.Version}}"]
    return subprocess.run(command, capture_output=True, env=given, check=False).returncode == 0
