# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The processes of a lab with monitoring: each with a folder of its own, known by its PID file, waited for until it answers."""

from __future__ import annotations

import contextlib
import http.client
import inspect
import json
import os
from types import ModuleType
from typing import Any, Callable, Dict, List

from ..daemon import Daemon
from ..folder import MAIN
from ..process import RegistryProcess
from . import config, prober, receiver
from .programs import plain_environment, pushgateway_command
from .spec import JOB, Spec

_SECONDS = 30.0
#: in the order in which they are started; stopped in the reverse one
PARTS = ("receiver", "alertmanager", "pushgateway", "prometheus", "registry", "prober")


class Part:
    """One process of a lab."""

    def __init__(self, spec: Spec, name: str) -> None:
        self._spec = spec
        self.name = name
        self.folder = spec.path(name)
        self.log_path = os.path.join(self.folder, f"{name}.log")
        self._daemon = Daemon(os.path.join(self.folder, f"{name}.pid"))

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._daemon.pid is not None

    def start(self) -> None:
        """Start it, and return once it answers; nothing where it runs. LabError with the end of its log where it does not."""
        if self.running:
            return
        os.makedirs(self.folder, exist_ok=True)
        self._daemon.start(_COMMANDS[self.name](self._spec), self.log_path, plain_environment())
        self._daemon.answer(self._answers, _SECONDS, self.name, self.log_path)

    def stop(self) -> None:
        """Stop it; nothing where it does not run."""
        self._daemon.stop()

    def _answers(self) -> bool:
        if self.name not in self._spec.ports:
            return self.running
        with contextlib.closing(http.client.HTTPConnection(self._spec.address(self.name), timeout=5)) as connection:
            try:
                connection.request("GET", "/-/ready")
                return connection.getresponse().status == 200 and self.running
            except (OSError, http.client.HTTPException):
                return False


def _receiver(spec: Spec) -> List[str]:
    return [*_python(spec, receiver, "receiver"), str(spec.ports["receiver"]), spec.notifications]


def _alertmanager(spec: Spec) -> List[str]:
    return [
        spec.programs["alertmanager"],
        f"--config.file={_written(spec, 'alertmanager', config.alertmanager(spec))}",
        f"--storage.path={spec.path('alertmanager', 'data')}",
        f"--web.listen-address={spec.address('alertmanager')}",
        "--cluster.listen-address=",
    ]


def _pushgateway(spec: Spec) -> List[str]:
    return pushgateway_command(spec.programs["pushgateway"], spec.address("pushgateway"))


def _prometheus(spec: Spec) -> List[str]:
    return [
        spec.programs["prometheus"],
        f"--config.file={_written(spec, 'prometheus', config.prometheus(spec))}",
        f"--storage.tsdb.path={spec.path('prometheus', 'data')}",
        f"--web.listen-address={spec.address('prometheus')}",
    ]


#: seconds; how long the probe waits for a registry that does not answer is a share of it
_BUDGET = "20"


def _prober(spec: Spec) -> List[str]:
    registry = RegistryProcess.attach(spec.path(MAIN))
    command = [spec.python, spec.doctor, "probe", "--registry", registry.address, "--scheme", registry.scheme, "--quiet"]
    command += ["--budget", _BUDGET, "--pushgateway", spec.url("pushgateway"), "--pushgateway-job", JOB]
    command += ["--state", spec.path("prober", "probe.state")]
    return [*_python(spec, prober, "prober"), str(spec.every), spec.runs, *command]


_COMMANDS: Dict[str, Callable[[Spec], List[str]]] = {
    "receiver": _receiver,
    "alertmanager": _alertmanager,
    "pushgateway": _pushgateway,
    "prometheus": _prometheus,
    "prober": _prober,
}


def _python(spec: Spec, program: ModuleType, part: str) -> List[str]:
    """Run one of our own programs from a copy: where it comes from may be gone tomorrow."""
    path = spec.path(part, f"{part}.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(inspect.getsource(program))
    return [spec.python, path]


def _written(spec: Spec, part: str, document: Dict[str, Any]) -> str:
    path = spec.path(part, f"{part}.yml")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
    return path
