# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Looks at the registries of a project, and plans what a new image would change. Writes nothing."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence

from ..oci_registry.services.facts import Container, Image, Service
from ..oci_registry.services.project import Project
from ..oci_registry.services.step import step_for
from .plan import objections


def survey(project: Project, services: Sequence[str], reference: str, front: str) -> Dict[str, Any]:
    """All that registry_host_info returns. Raises BadInput for a service that the file does not have."""
    known = [project.service(name) for name in services]
    containers = {service.name: project.container(service.name) for service in known}
    found: Dict[str, Any] = {
        "services": [_row(service.name, service.image, containers[service.name]) for service in known],
        "front": _row(front, project.service(front).image, project.container(front)) if front else {},
        "others": project.others(known),
    }
    if not reference:
        return {**found, "image": {}, "plan": [], "objections": []}
    image = project.image(reference)
    steps = [step_for(service, containers[service.name], reference, image.id if image else "") for service in known]
    return {
        **found,
        "image": _image_row(reference, image),
        "plan": [step.as_dict() for step in steps],
        "objections": _objections(known, image) if image else [],
    }


def _row(name: str, image: str, container: Optional[Container]) -> Dict[str, Any]:
    return {
        "service": name,
        "image": image,
        "container": container.id if container else "",
        "running": container.image if container else "",
        "running_id": container.image_id if container else "",
        "status": container.status if container else "",
        "health": container.health if container else "",
        "addresses": list(container.addresses) if container else [],
    }


def _image_row(reference: str, image: Optional[Image]) -> Dict[str, Any]:
    return {
        "reference": reference,
        "present": image is not None,
        "id": image.id if image else "",
        "version": image.version if image else "",
        "major": image.major if image else "",
    }


def _objections(services: Sequence[Service], image: Image) -> List[str]:
    """Each objection once, with the services that it holds for in front."""
    found: Dict[str, List[str]] = {}
    for service in services:
        for objection in objections(service, image):
            found.setdefault(objection, []).append(service.name)
    return [f"{', '.join(names)}: {objection}" for objection, names in found.items()]
