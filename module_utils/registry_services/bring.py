# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Brings one service to the image that the compose file names for it, and waits until it answers. The only part that changes anything."""

from __future__ import annotations

import time
from typing import Any, Collection, Dict, NamedTuple

from ..oci_registry.errors import BadInput
from ..oci_registry.services.errors import EngineFailed
from ..oci_registry.services.project import Project
from ..oci_registry.services.step import KEEP, Step, step_for
from .health import wait_until_healthy


class Wanted(NamedTuple):
    """What a service is to be."""

    service: str
    image: str
    accepted: Collection[int]  # statuses of GET /v2/ that count as healthy
    port: int  # inside the container
    timeout: float  # seconds


def bring(project: Project, wanted: Wanted, check_mode: bool) -> Dict[str, Any]:
    """The step with ``changed`` and ``seconds``, as registry_service returns it. ``check_mode``: only say what would happen.

    Raises BadInput, EngineFailed, or Unhealthy where the service does not come back.
    """
    began = time.monotonic()
    step = _step(project, wanted, check_mode)
    if not check_mode:
        if step.action != KEEP:
            project.engine.compose("up", "--detach", "--no-deps", "--no-build", wanted.service)
        wait_until_healthy(project, wanted.service, wanted.accepted, wanted.port, wanted.timeout)
    return {**step.as_dict(), "changed": step.action != KEEP, "seconds": round(time.monotonic() - began, 1)}


def _step(project: Project, wanted: Wanted, check_mode: bool) -> Step:
    service = project.service(wanted.service)
    record = project.image_record(wanted.image)
    if not check_mode:
        if service.image != wanted.image:
            what = f"says {service.image or 'no image'} for {service.name}, not {wanted.image}"
            raise BadInput(what, where=project.engine.compose_path, advice="Set it there first")
        if record is None:
            raise EngineFailed("this image is not here", where=wanted.image, advice="Pull it first: nothing was changed")
    return step_for(service, project.container(wanted.service), wanted.image, record["Id"] if record else "")
