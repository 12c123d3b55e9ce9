# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether services are what they are pinned to: in the compose file, in their containers, and by the bytes that a tag stands for now."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from .facts import Container, Service
from .project import Project
from .step import KEEP, step_for


class Pinned(NamedTuple):
    """One service beside its pin."""

    service: str
    image: str  # in the compose file
    running: str  # what its container was made from; empty where it has none
    running_id: str
    pinned: str
    pinned_id: str  # what the pinned image is on this machine now; empty where it is not here
    reasons: Tuple[str, ...]  # why this is drift

    @property
    def drifts(self) -> bool:
        """Whether any of them differs."""
        return bool(self.reasons)

    def as_dict(self) -> Dict[str, Any]:
        """Plain data."""
        return {**self._asdict(), "reasons": list(self.reasons), "drift": self.drifts}


def look(project: Project, services: Sequence[str], image: str) -> List[Pinned]:
    """Each service beside the image that all of them are pinned to. Raises BadInput for a service that the file does not have."""
    record = project.image_record(image)
    image_id = str(record["Id"]) if record else ""
    known = [project.service(name) for name in services]
    return [compare(service, project.container(service.name), image, image_id) for service in known]


def compare(service: Service, container: Optional[Container], pinned: str, pinned_id: str) -> Pinned:
    """One service beside its pin; pure."""
    step = step_for(service, container, pinned, pinned_id)
    reasons = [f"the compose file says {service.image or 'no image'}"] if service.image != pinned else []
    reasons += [step.reason] if step.action != KEEP else []
    running_id = container.image_id if container else ""
    return Pinned(service.name, service.image, step.running, running_id, pinned, pinned_id, tuple(reasons))
