# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A snapshot of a store: a folder with the layout of a rootdirectory."""

from __future__ import annotations

from typing import Optional

from ..errors import BadInput
from ..evidence.disk import DiskView
from ..store import find_stores
from .base import ContentSource, Sink


class SnapshotSource(ContentSource):
    """The blobs of a store. Its links do not matter: a digest says all."""

    def __init__(self, path: str) -> None:
        stores = find_stores(path)
        if len(stores) > 1:
            names = ", ".join(store.name for store in stores)
            raise BadInput(f"holds several stores ({names})", where=path, advice="Give the one that the bytes may come from")
        self._disk = DiskView(stores[0].root)
        self.label = f"snapshot {stores[0].root}"

    def manifest(self, repository: str, digest: str) -> Optional[bytes]:
        """See :class:`Source`."""
        return self._disk.manifest(digest)

    def size(self, digest: str) -> Optional[int]:
        """See :class:`ContentSource`."""
        return self._disk.size(digest)

    def copy_blob(self, repository: str, digest: str, sink: Sink) -> None:
        """See :class:`Source`."""
        self._disk.copy(digest, sink)
