# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What must happen so that every service runs an image, and what speaks against it. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .facts import CONFIGURATION_PATH, Container, Image, Service

KEEP, START, RECREATE = "keep", "start", "recreate"
_SUBCOMMANDS = ("serve", "garbage-collect", "help")
_SUFFIXES = (".yml", ".yaml")


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
    """``image_id``: of the wanted image; empty where it is not here yet."""
    running = container.image if container else ""
    action, reason = _what(container, wanted, image_id)
    return Step(service.name, action, service.image, running, wanted, reason)


def _what(container: Optional[Container], wanted: str, image_id: str) -> Tuple[str, str]:
    if container is None:
        return START, "it has no container"
    if container.image != wanted:
        return RECREATE, f"it runs {container.image}"
    if container.image_id != image_id:
        return RECREATE, f"it runs what {wanted} was before"
    if not container.running:
        return START, f"it is {container.status}"
    return KEEP, f"it runs {wanted}"


def objections(service: Service, image: Image) -> List[str]:
    """Why a service would not run with an image as it does now: what it would do instead."""
    if not image.version:
        return [f"would run {image.reference}, which is no Distribution registry: its --version names none"]
    arguments = _arguments(service, image)
    found = _unknown_command(image, arguments)
    path = _configuration(service, image, arguments)
    mounted = [mount for mount in service.mounts if mount.endswith(_SUFFIXES)]
    if mounted and path and not any(_covers(mount, path) for mount in service.mounts):
        found.append(
            f"would read {path}, the default of {image.reference}, and not {mounted[0]}, which is mounted: it would "
            f"start without its store, upstream and passwords. Set command: [serve, {mounted[0]}]"
        )
    return found


def _arguments(service: Service, image: Image) -> List[str]:
    """The program and its arguments, as the engine puts them together."""
    if service.entrypoint is not None:
        return [*service.entrypoint, *(service.command or ())]
    return [*image.entrypoint, *(service.command if service.command is not None else image.command)]


def _configuration(service: Service, image: Image, arguments: List[str]) -> str:
    """The configuration file that the registry would read."""
    given = [word for word in arguments[1:] if word.endswith(_SUFFIXES)]
    return given[-1] if given else service.environment.get(CONFIGURATION_PATH) or image.environment.get(CONFIGURATION_PATH, "")


def _unknown_command(image: Image, arguments: List[str]) -> List[str]:
    """The registry itself takes no file without ``serve``; the start script of some images adds that."""
    program = arguments[0].rpartition("/")[2] if arguments else ""
    if program not in ("registry", "docker-registry") or arguments[1:2] == [] or arguments[1] in _SUBCOMMANDS:
        return []
    return [
        f"would run '{' '.join(arguments)}', which {image.reference} does not understand. "
        f"Put serve in front of the command: [serve, {arguments[1]}]"
    ]


def _covers(mount: str, path: str) -> bool:
    return mount == path or path.startswith(mount.rstrip("/") + "/")
