# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which container answered a request: the one in whose log it stands."""

from __future__ import annotations

import time
from typing import Dict, Mapping

from ..oci_registry.services.project import Project

_PATIENCE = 2.0  # seconds until a line that was written is to be read
_POLL_SECONDS = 0.2
_SINCE = "2m"


def arrivals(project: Project, services: Mapping[str, str], marks: Mapping[str, str]) -> Dict[str, str]:
    """{registry to which a request was sent: registry that logged it}, as far as logs tell.

    ``services``: {registry: its service}; ``marks``: {registry: text that only the request to its port bears}.
    """
    containers = {name: project.container(service) for name, service in services.items()}
    deadline = time.monotonic() + _PATIENCE
    while True:
        logs = {name: "\n".join(project.log(each, "--since", _SINCE)) for name, each in containers.items() if each}
        found = {sent: name for sent, mark in marks.items() for name, log in logs.items() if mark in log}
        if len(found) == len(marks) or time.monotonic() >= deadline:
            return found
        time.sleep(_POLL_SECONDS)
