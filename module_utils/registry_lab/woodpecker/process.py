# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The server as a process of a lab, with everything it reads and writes under one folder; it outlives the one that started it."""

from __future__ import annotations

import contextlib
import http.client
import importlib
import inspect
import json
import os
import sys
from typing import Any, Dict, List, Optional

from ..daemon import Daemon
from ..errors import LabError
from ..process import free_port
from .main import CONFIG
from .server import SWITCH

_HOST = "127.0.0.1"
_SECONDS = 20.0
_PACKAGE = "lab_program"
#: what the program consists of, from the folder of this package's parent
_MODULES = (
    "oci_registry.errors",
    *(f"registry_lab.{name}" for name in ("errors", "images", "push")),
    *(
        f"registry_lab.woodpecker.{name}"
        for name in (
            *("model", "shapes", "substituting", "files", "world", "building", "running", "creating"),
            *("handlers", "answering", "server", "main"),
        )
    ),
)


class WoodpeckerProcess:
    """One server: ``woodpecker.json`` (mode 0600, since it holds tokens), ``woodpecker.log``, ``requests.jsonl`` and ``pipelines.json``.

    ``config`` is that of ``main.world_of``; ``port`` is picked where it is not told, and kept over restarts.
    """

    def __init__(self, folder: str, config: Optional[Dict[str, Any]] = None) -> None:
        self.folder = os.path.abspath(folder)
        self.log_path = os.path.join(self.folder, "woodpecker.log")
        self._config_path = os.path.join(self.folder, CONFIG)
        self._daemon = Daemon(os.path.join(self.folder, "woodpecker.pid"))
        if config is not None:
            self.configure(config)

    def configure(self, config: Dict[str, Any]) -> None:
        """Write what it serves; holds from the next start."""
        os.makedirs(self.folder, exist_ok=True)
        port = config.get("port") or (self.config["port"] if os.path.exists(self._config_path) else free_port(_HOST))
        with open(os.open(self._config_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump({**config, "port": port}, file, indent=2)

    @property
    def config(self) -> Dict[str, Any]:
        """What it serves; LabError where there is none."""
        try:
            with open(self._config_path, encoding="utf-8") as file:
                found: Dict[str, Any] = json.load(file)
        except (OSError, ValueError) as error:
            raise LabError(f"no lab Woodpecker ({error})", where=self.folder) from None
        return found

    @property
    def address(self) -> str:
        """Its URL, which the option ``server`` takes."""
        return f"http://{_HOST}:{self.config['port']}{self.config.get('prefix', '')}"

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._daemon.pid is not None

    def start(self) -> None:
        """Start, and return once it answers; nothing where it runs. LabError with the end of its log where it fails."""
        if self.running:
            return
        _write_program(os.path.join(self.folder, "program"))
        command = [sys.executable, "-m", f"{_PACKAGE}.registry_lab.woodpecker.main", self.folder]
        paths = [os.path.join(self.folder, "program"), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "LC_ALL": "C.UTF-8"}
        self._daemon.start(command, self.log_path, environment)
        self._daemon.answer(lambda: self._request("GET", "/version"), _SECONDS, "the lab's Woodpecker", self.log_path)

    def stop(self) -> None:
        """Stop it; nothing where it does not run. What runs in it ends with it."""
        self._daemon.stop()

    def __enter__(self) -> WoodpeckerProcess:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def switch(self, **what: Any) -> None:
        """Change ``agents``, ``paused`` or ``faults`` (a list) while it runs."""
        if not self._request("PUT", SWITCH, what):
            raise LabError(f"the lab's Woodpecker does not take {what}", where=self.folder)

    def requests(self) -> List[Dict[str, Any]]:
        """What it was asked so far."""
        try:
            with open(os.path.join(self.folder, "requests.jsonl"), encoding="utf-8") as file:
                return [json.loads(line) for line in file if line.endswith("\n")]
        except FileNotFoundError:
            return []

    def _request(self, method: str, target: str, document: Any = None) -> bool:
        admin = next((user["token"] for user in self.config["users"] if user.get("admin")), "")
        with contextlib.closing(http.client.HTTPConnection(_HOST, self.config["port"], timeout=5)) as connection:
            try:
                connection.request(method, target, json.dumps(document), {"Authorization": f"Bearer {admin}"})
                return connection.getresponse().status == 200
            except (OSError, http.client.HTTPException):
                return False


def _write_program(folder: str) -> None:
    """A copy of the program: where this comes from may be gone once the module has ended."""
    root = __name__[: -len(".registry_lab.woodpecker.process")]
    for name in _MODULES:
        path = os.path.join(folder, _PACKAGE, *name.split(".")) + ".py"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(inspect.getsource(importlib.import_module(f"{root}.{name}")))
    for place, _folders, _files in os.walk(os.path.join(folder, _PACKAGE)):
        with open(os.path.join(place, "__init__.py"), "w", encoding="utf-8"):
            pass
