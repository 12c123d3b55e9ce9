# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The lasting facts of a lab with monitoring (``monitoring.json``), and the paths below its folder."""

from __future__ import annotations

import json
import os
from typing import Dict, NamedTuple

from ..errors import LabError
from ..process import free_port

_STATE = "monitoring.json"
HOST = "127.0.0.1"
_SERVERS = ("receiver", "alertmanager", "pushgateway", "prometheus")
JOB = "registry_manifest_integrity"


class Spec(NamedTuple):
    """What the monitoring of a lab is made of."""

    folder: str
    ports: Dict[str, int]
    programs: Dict[str, str]  # part: path
    python: str  # that runs the probe
    every: float  # seconds from the start of one probe to the start of the next

    @classmethod
    def new(cls, folder: str, programs: Dict[str, str], python: str, every: float) -> Spec:
        """A lab with free ports, kept in its folder; that of the rules is made before it counts as one."""
        ports: Dict[str, int] = {}
        while len(ports) < len(_SERVERS):
            port = free_port(HOST)
            if port not in ports.values():
                ports[_SERVERS[len(ports)]] = port
        made = cls(folder, ports, programs, python, every)
        os.makedirs(made.rules, exist_ok=True)
        with open(made.path(_STATE), "w", encoding="utf-8") as file:
            json.dump(made._asdict(), file, indent=2)
        return made

    @classmethod
    def load(cls, folder: str) -> Spec:
        """The lab of a folder; LabError where there is no monitoring in it."""
        try:
            with open(os.path.join(folder, _STATE), encoding="utf-8") as file:
                return cls(**json.load(file))
        except (OSError, ValueError, TypeError) as error:
            raise LabError(
                f"holds no monitoring ({error})", where=folder, advice="Make it with registry_monitoring_lab"
            ) from None

    @classmethod
    def begun(cls, folder: str) -> bool:
        """Whether there is one to :meth:`load`."""
        return os.path.exists(os.path.join(folder, _STATE))

    def path(self, *parts: str) -> str:
        """A path below the lab's folder."""
        return os.path.join(self.folder, *parts)

    def address(self, part: str) -> str:
        """host:port of a server."""
        return f"{HOST}:{self.ports[part]}"

    def url(self, part: str) -> str:
        """URL of a server."""
        return f"http://{self.address(part)}"

    @property
    def doctor(self) -> str:
        """registry-doctor as one file."""
        return self.path("registry-doctor.pyz")

    @property
    def rules(self) -> str:
        """Folder of the rule files."""
        return self.path("rules")

    @property
    def notifications(self) -> str:
        """File of all that the receiver was sent, one JSON document a line."""
        return self.path("receiver", "notifications.jsonl")

    @property
    def runs(self) -> str:
        """File of all runs of the probe, one JSON document a line."""
        return self.path("prober", "runs.jsonl")
