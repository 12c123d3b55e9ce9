# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What speaks against running a service with an image. Pure."""

from __future__ import annotations

from typing import List

from ..oci_registry.services.facts import CONFIGURATION_PATH, Image, Service

_SUBCOMMANDS = ("serve", "garbage-collect", "help")
_SUFFIXES = (".yml", ".yaml")


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
