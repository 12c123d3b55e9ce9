# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Runs ``docker`` and ``docker compose``; never through a shell."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any, List

from ..errors import BadInput
from .errors import EngineFailed

_SAID = 600
_ADVICE = "Docker and its compose plugin must be installed, the daemon running, and this user allowed to use it"


class Engine:
    """The container engine of this machine, and one compose project on it."""

    def __init__(self, compose_path: str, timeout: float = 300.0) -> None:
        """``timeout``: seconds that any one command may take. Raises BadInput where there is no such file."""
        if not os.path.isfile(compose_path):
            raise BadInput("there is no such file", where=compose_path, advice="Set registry_compose_path to the compose file")
        self.compose_path = compose_path
        self.folder = os.path.dirname(os.path.abspath(compose_path))
        self._timeout = timeout

    def docker(self, *arguments: str, both: bool = False, timeout: float = 0.0) -> str:
        """What ``docker ...`` prints (``both``: on standard error, too). Raises :class:`EngineFailed`."""
        return self._run(["docker", *arguments], both, timeout or self._timeout)

    def compose(self, *arguments: str) -> str:
        """What ``docker compose ...`` prints for this project."""
        return self._run(
            ["docker", "compose", "--project-directory", self.folder, "-f", self.compose_path, *arguments], False, self._timeout
        )

    def inspect(self, *arguments: str) -> List[Any]:
        """What ``docker [kind] inspect`` prints, as data."""
        document = self.parsed(self.docker(*arguments), " ".join(("docker", *arguments[:2])))
        return document if isinstance(document, list) else [document]

    def parsed(self, text: str, command: str) -> Any:
        """What a command printed as JSON, as data."""
        try:
            return json.loads(text)
        except ValueError:
            raise EngineFailed("did not print the JSON that was asked for", where=command, advice=_ADVICE) from None

    def _run(self, command: List[str], both: bool, timeout: float) -> str:
        error_to = subprocess.STDOUT if both else subprocess.PIPE
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=error_to, timeout=timeout, check=False
            )
        except FileNotFoundError:
            raise EngineFailed("docker is not installed", where=command[0], advice=_ADVICE) from None
        except subprocess.TimeoutExpired:
            raise EngineFailed(f"did not end within {timeout:g} s", where=_shown(command)) from None
        if done.returncode:
            said = (done.stderr or done.stdout or b"").decode("utf-8", "replace").strip()[-_SAID:]
            raise EngineFailed(said or f"ended with {done.returncode}", where=_shown(command), advice=_ADVICE * _no_engine(said))
        return done.stdout.decode("utf-8", "replace")


def _no_engine(said: str) -> bool:
    return "docker daemon" in said or "not a docker command" in said or "permission denied" in said


def _shown(command: List[str]) -> str:
    words = [word for word in command if not word.startswith("/")]
    return " ".join(words[:2] if words[1:2] != ["compose"] else ["docker", "compose", *words[4:6]])
