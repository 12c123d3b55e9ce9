# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Waits until the registry in a container answers: its health check, where it has one, and HTTP at the container's own address."""

from __future__ import annotations

import contextlib
import http.client
import time
from typing import Collection, Optional

from ..oci_registry.services.errors import Unhealthy
from ..oci_registry.services.facts import Container
from ..oci_registry.services.project import Project

_POLL_SECONDS = 0.3
_ANSWER_SECONDS = 2.0
#: a container that the engine had to start again so often will not come back
_MANY_RESTARTS = 3
LOG_LINES = 12


def status_of(container: Container, port: int) -> int:
    """The status of ``GET /v2/`` at the container's own address; 0 where nothing answers there."""
    address = container.addresses[0] if container.addresses else "127.0.0.1"
    with contextlib.closing(http.client.HTTPConnection(address, port, timeout=_ANSWER_SECONDS)) as connection:
        try:
            connection.request("GET", "/v2/")
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0


def wait_until_healthy(project: Project, service: str, accepted: Collection[int], port: int, timeout: float) -> Container:
    """The healthy container of a service. ``accepted``: statuses that count as healthy; ``timeout``: seconds.

    Raises :class:`Unhealthy` at the deadline, and as soon as the container has ended for good.
    """
    deadline = time.monotonic() + timeout
    first = project.container(service)
    container = first
    while True:
        lack = what_lacks(container, accepted, port)
        if container is not None and not lack:
            return container
        if time.monotonic() >= deadline or first is None or container is None or _ended(first, container):
            raise Unhealthy(f"{lack}{_log_of(project, container)}", where=service)
        time.sleep(_POLL_SECONDS)
        container = project.container(service)


def what_lacks(container: Optional[Container], accepted: Collection[int], port: int) -> str:
    """Why a container is not healthy, in words; empty where it is."""
    if container is None:
        return "it has no container"
    if not container.running:
        return f"it is {container.status} (exit code {container.exit_code}, restarted {container.restarts} times)"
    if container.health not in ("", "healthy"):
        return f"it runs, and its health check says {container.health}"
    status = status_of(container, port)
    if status in accepted or (status == 0 and container.health == "healthy"):  # its network may not be ours
        return ""
    wanted = " or ".join(map(str, sorted(accepted)))
    return (
        f"it runs, and answers {status} to GET /v2/, not {wanted}" if status else f"it runs, and nothing answers at port {port}"
    )


def _ended(first: Container, container: Container) -> bool:
    """Whether it will not come back; restarts count from the first look on, since the engine counts all of a container's life."""
    return container.status in ("exited", "dead", "created") or container.restarts - first.restarts >= _MANY_RESTARTS


def _log_of(project: Project, container: Optional[Container]) -> str:
    lines = project.log(container, "--tail", str(LOG_LINES)) if container else []
    return "".join(f"\n  {line[:300]}" for line in ["; its log ends:", *lines]) if lines else ""
