# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""HTTP to a registry of the lab through its nginx: what clients see."""

from __future__ import annotations

import base64
import contextlib
import http.client
import ssl
from typing import Dict, Tuple

from .project import ca_path
from .spec import USER, Service, Vm

_ACCEPT = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.index.v1",
        "oci.image.manifest.v1",
        "docker.distribution.manifest.list.v2",
        "docker.distribution.manifest.v2",
    )
)


class Front:
    """One service through its port at nginx; :func:`..push.push` takes it as a registry."""

    def __init__(self, vm: Vm, service: Service) -> None:
        self._vm = vm
        self._service = service

    def connect(self, timeout: float = 30.0) -> http.client.HTTPConnection:
        """A new connection, its certificate verified; ``timeout`` in seconds."""
        address = self._vm.address(self._service.name)
        if self._service.cache:
            return http.client.HTTPConnection(address, timeout=timeout)
        return http.client.HTTPSConnection(address, timeout=timeout, context=ssl.create_default_context(cafile=ca_path(self._vm)))

    def get(self, path: str, *, login: bool = False) -> Tuple[int, bytes]:
        """Status and body; ``login``: with USER and the password."""
        with contextlib.closing(self.connect()) as connection:
            connection.request("GET", path, headers=self._headers(login))
            answer = connection.getresponse()
            return answer.status, answer.read()

    def answers(self) -> bool:
        """Whether the registry behind the port answers as it should: 401 where it asks for a password."""
        try:
            return self.get("/v2/")[0] == (200 if self._service.cache else 401)
        except (OSError, http.client.HTTPException):
            return False

    def _headers(self, login: bool) -> Dict[str, str]:
        headers = {"Accept": _ACCEPT}
        if login:
            pair = f"{USER}:{self._vm.password}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        return headers
