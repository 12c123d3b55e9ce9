# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One compose project on a running engine: what its file says, and what runs. Reads only."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Any, Dict, List, Optional, Sequence

from ..errors import BadInput
from .engine import Engine
from .errors import EngineFailed
from .facts import Container, Image, Service, container_from, image_from, service_from

_VERSION_SECONDS = 30.0
_LABEL = "label=com.docker.compose"


class Project:
    """Reads the compose file once; containers and images whenever they are asked for."""

    def __init__(self, engine: Engine) -> None:
        """Raises EngineFailed where compose does not accept the file."""
        self.engine = engine
        described = engine.parsed(engine.compose("config", "--format", "json"), "docker compose config")
        if not isinstance(described, dict) or not isinstance(described.get("name"), str):
            raise EngineFailed("names no project", where="docker compose config", advice="Compose 2.3 or later must be installed")
        self.name: str = described["name"]
        self._services: Dict[str, Any] = described.get("services") or {}

    def service(self, name: str) -> Service:
        """A service of the file. Raises BadInput where it has none of that name."""
        if name not in self._services:
            known = ", ".join(sorted(self._services))
            raise BadInput(f"has no service {name!r}", where=self.engine.compose_path, advice=f"Its services: {known}")
        return service_from(name, self._services[name])

    def others(self, services: Sequence[Service]) -> List[str]:
        """Further services with the image of one of these: what is meant for all of them may be meant for those, too."""
        images = {service.image for service in services}
        names = {service.name for service in services}
        return sorted(name for name, each in self._services.items() if name not in names and each.get("image") in images)

    def container(self, service: str) -> Optional[Container]:
        """The container of a service, the running one if there are several; None where it has none."""
        filters = (f"{_LABEL}.project={self.name}", f"{_LABEL}.service={service}", f"{_LABEL}.oneoff=False")
        options = [word for each in filters for word in ("--filter", each)]
        ids = self.engine.docker("ps", "--all", "--quiet", "--no-trunc", *options).split()
        found = [container_from(each) for each in self.engine.inspect("inspect", *ids)] if ids else []
        return max(found, key=lambda container: container.running, default=None)

    def log(self, container: Container, *options: str) -> List[str]:
        """Lines of a container's log; none where the engine does not keep it."""
        try:
            return self.engine.docker("logs", *options, container.id, both=True).splitlines()
        except EngineFailed:
            return []

    def image(self, reference: str) -> Optional[Image]:
        """An image that is here, asked for its version; None where it is not here."""
        inspected = self.image_record(reference)
        return image_from(reference, inspected, self._version_text(reference)) if inspected else None

    def image_record(self, reference: str) -> Optional[Dict[str, Any]]:
        """What the engine says of an image; None where it has none of that name."""
        try:
            record: Dict[str, Any] = self.engine.inspect("image", "inspect", reference)[0]
        except EngineFailed as error:
            if "o such image" in str(error):
                return None
            raise
        return record

    def _version_text(self, reference: str) -> str:
        """What the image's program prints when it is asked for its version; empty where it does not like to be asked."""
        name = f"registry-version-{secrets.token_hex(6)}"
        options = ("--rm", "--name", name, "--network", "none", "--pull", "never")
        try:
            return self.engine.docker("run", *options, reference, "--version", both=True, timeout=_VERSION_SECONDS)
        except EngineFailed:
            with suppress(EngineFailed):
                self.engine.docker("rm", "--force", "--volumes", name)
            return ""
