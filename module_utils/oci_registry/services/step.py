# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What must happen so that a service runs an image; nothing where it does. Pure."""

from __future__ import annotations

from typing import Any, Dict, NamedTuple, Optional, Tuple

from .facts import Container, Service

KEEP, START, RECREATE = "keep", "start", "recreate"


class Step(NamedTuple):
    """What happens to one service."""

    service: str
    action: str  # keep, start, or recreate
    configured: str  # the image in the compose file
    running: str  # the image of its container; empty where it has none
    wanted: str
    reason: str

    def as_dict(self) -> Dict[str, Any]:
        """Plain data."""
        return dict(self._asdict())


def step_for(service: Service, container: Optional[Container], wanted: str, image_id: str) -> Step:
    """``image_id``: of the wanted image; empty where it is not here."""
    running = container.image if container else ""
    action, reason = _what(container, wanted, image_id)
    return Step(service.name, action, service.image, running, wanted, reason)


def _what(container: Optional[Container], wanted: str, image_id: str) -> Tuple[str, str]:
    if container is None:
        return START, "it has no container"
    if container.image != wanted:
        return RECREATE, f"it runs {container.image}"
    if not image_id:
        return RECREATE, f"it runs what {wanted} was, which is not on this machine any more"
    if container.image_id != image_id:
        return RECREATE, f"it runs what {wanted} was before"
    if not container.running:
        return START, f"it is {container.status}"
    return KEEP, f"it runs {wanted}"
