# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What is known of images, of services, and of their containers: read from the engine's own words, without judging. Pure."""

from __future__ import annotations

import re
from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple

#: the registry's environment variable that names its configuration file
CONFIGURATION_PATH = "REGISTRY_CONFIGURATION_PATH"
_VERSION = re.compile(r"(?:\A|\s)\S*(?:distribution|registry)\S*\s+v?(\d+)((?:\.\d+)+)", re.ASCII)
Words = Tuple[str, ...]


class Image(NamedTuple):
    """An image that the engine holds."""

    reference: str
    id: str
    version: str  # of Distribution, such as ``2.8.3``; empty where it is none
    entrypoint: Words
    command: Words
    environment: Mapping[str, str]

    @property
    def major(self) -> str:
        """``2`` or ``3``."""
        return self.version.partition(".")[0]


class Service(NamedTuple):
    """One service of a compose file, as compose itself understands it."""

    name: str
    image: str
    entrypoint: Optional[Words]  # None: that of the image
    command: Optional[Words]
    environment: Mapping[str, str]
    mounts: Words  # paths inside the container


class Container(NamedTuple):
    """The container of a service."""

    id: str
    image: str  # the reference that it was made from
    image_id: str
    status: str  # running, restarting, exited ...
    health: str  # healthy, starting, unhealthy; empty where it has no health check
    exit_code: int
    restarts: int
    addresses: Words

    @property
    def running(self) -> bool:
        """Whether it runs right now."""
        return self.status == "running"


def version_in(text: str) -> str:
    """The version in what ``registry --version`` prints; empty where another program printed it."""
    match = _VERSION.search(text)
    return match.group(1) + match.group(2) if match else ""


def image_from(reference: str, inspected: Mapping[str, Any], version_text: str) -> Image:
    """From ``docker image inspect`` and from what its ``--version`` prints."""
    config = inspected.get("Config") or {}
    environment = dict(entry.partition("=")[::2] for entry in config.get("Env") or [])
    return Image(
        reference,
        inspected["Id"],
        version_in(version_text),
        _words(config.get("Entrypoint")) or (),
        _words(config.get("Cmd")) or (),
        environment,
    )


def service_from(name: str, described: Mapping[str, Any]) -> Service:
    """From the service's part of ``docker compose config --format json``."""
    return Service(
        name,
        described.get("image") or "",
        _words(described.get("entrypoint")),
        _words(described.get("command")),
        {key: str(value or "") for key, value in (described.get("environment") or {}).items()},
        tuple(_target(mount) for key in ("volumes", "configs", "secrets") for mount in described.get(key) or []),
    )


def container_from(inspected: Mapping[str, Any]) -> Container:
    """From ``docker inspect``."""
    state: Dict[str, Any] = inspected["State"]
    networks = inspected.get("NetworkSettings", {}).get("Networks") or {}
    return Container(
        inspected["Id"],
        inspected["Config"]["Image"],
        inspected["Image"],
        state["Status"],
        (state.get("Health") or {}).get("Status", ""),
        int(state.get("ExitCode") or 0),
        int(inspected.get("RestartCount") or 0),
        tuple(network["IPAddress"] for network in networks.values() if network.get("IPAddress")),
    )


def _words(value: Any) -> Optional[Words]:
    if value is None:
        return None
    return (value,) if isinstance(value, str) else tuple(map(str, value))


def _target(mount: Any) -> str:
    return str(mount.get("target") or "") if isinstance(mount, dict) else ""
