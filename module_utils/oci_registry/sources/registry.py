# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Another registry, or a mirror: anything that speaks the Distribution API, pull-through caches included."""

from __future__ import annotations

from typing import Optional

from ..client import Client
from ..errors import RegistryUnavailable
from ..evidence.http import ApiFact, ApiView
from ..plans.facts import RIGHT
from .base import Sink, Source


class RegistrySource(Source):
    """The repository of the same name in another registry, or always ``repository`` if that is given."""

    def __init__(self, client: Client, repository: str = "") -> None:
        self._view = ApiView(client)
        self._repository = repository
        self._client = client
        self.label = f"registry {client.address}" + (f"/{repository}" if repository else "")

    def close(self) -> None:
        """See :class:`Source`."""
        self._client.close()

    def manifest(self, repository: str, digest: str) -> Optional[bytes]:
        """See :class:`Source`."""
        return self._answered(self._view.manifest(self._repository or repository, digest)).content

    def has_blob(self, repository: str, digest: str, size: int) -> bool:
        """See :class:`Source`. Its last byte is asked for, since a HEAD proves nothing."""
        return self._answered(self._view.blob(self._repository or repository, digest, size)).state == RIGHT

    def copy_blob(self, repository: str, digest: str, sink: Sink) -> None:
        """See :class:`Source`."""
        self._view.copy(self._repository or repository, digest, sink)

    def _answered(self, fact: ApiFact) -> ApiFact:
        """An answer that says whether it is there. One that says no such thing (403, 500) must not count as that it has nothing."""
        if fact.refused:
            raise RegistryUnavailable(fact.detail, where=self.label)
        return fact
