# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A push of an image to a running lab registry: every upload unconditional, every answer checked."""

from __future__ import annotations

import base64
import contextlib
import http.client
from typing import Dict, Optional, Protocol, Tuple
from urllib.parse import urlencode, urlsplit

from .errors import LabError
from .images import Blob, Image

Credentials = Optional[Tuple[str, str]]


class Reachable(Protocol):
    """Whatever gives a connection to a registry."""

    def connect(self) -> http.client.HTTPConnection:
        """A new connection."""


def push(registry: Reachable, repository: str, tag: str, image: Image, credentials: Credentials = None) -> None:
    """Push ``image`` with all that it needs; an empty ``tag`` leaves it untagged. LabError where the registry refuses anything."""
    with contextlib.closing(registry.connect()) as connection:
        session = _Session(connection, repository, credentials)
        for manifest in image.manifests():
            for made in manifest.blobs:
                session.put_blob(made)
            session.put_manifest(tag if tag and manifest is image else manifest.digest, manifest)


class _Session:
    """One keep-alive connection to one repository."""

    def __init__(self, connection: http.client.HTTPConnection, repository: str, credentials: Credentials) -> None:
        self._connection = connection
        self._base = f"/v2/{repository}"
        self._headers: Dict[str, str] = {}
        if credentials:
            self._headers["Authorization"] = "Basic " + base64.b64encode(":".join(credentials).encode()).decode()

    def put_blob(self, made: Blob) -> None:
        location = urlsplit(self._send("POST", f"{self._base}/blobs/uploads/", 202))
        query = location.query + ("&" if location.query else "") + urlencode({"digest": made.digest})
        self._send("PUT", f"{location.path}?{query}", 201, made.content, "application/octet-stream")

    def put_manifest(self, reference: str, manifest: Image) -> None:
        self._send("PUT", f"{self._base}/manifests/{reference}", 201, manifest.content, manifest.media_type)

    def _send(self, method: str, target: str, wanted: int, body: bytes = b"", media_type: str = "") -> str:
        """Send and return the Location of the answer."""
        headers = {**self._headers, **({"Content-Type": media_type} if media_type else {})}
        self._connection.request(method, target, body, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        if answer.status != wanted:
            raise LabError(f"{method} answered {answer.status}, not {wanted}: {text[:300]}", where=target.partition("?")[0])
        return answer.getheader("Location") or ""
