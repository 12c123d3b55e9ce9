# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether a store still holds all that a manifest needs, whether or not the manifest itself is linked."""

from __future__ import annotations

from typing import Dict, Tuple

from ..model import MAX_DEPTH, InvalidManifest, Manifest, parse_manifest
from .disk import DiskView, Unusable


class Stock:
    """Asks one store; each manifest of a repository once. Raises :class:`StoreUnreadable` where it cannot look."""

    def __init__(self, root: str) -> None:
        self._disk = DiskView(root)
        self._known: Dict[Tuple[str, str], bool] = {}

    def has(self, repository: str, digest: str, depth: int = 0) -> bool:
        """Whether the right bytes of a manifest, of all manifests below it, and linked blobs of any size are there.

        A manifest that cannot be understood needs nothing but its own bytes.
        """
        key = (repository, digest)
        if key not in self._known:
            try:
                self._known[key] = self._look(repository, digest, depth)
            except Unusable:
                self._known[key] = False
        return self._known[key]

    def _look(self, repository: str, digest: str, depth: int) -> bool:
        content = self._disk.manifest(digest)
        if content is None or depth > MAX_DEPTH:
            return False
        try:
            manifest = parse_manifest(content)
        except InvalidManifest:
            return True
        children = (self.has(repository, child.digest, depth + 1) for child in manifest.children)
        return self._has_blobs(repository, manifest) and all(children)

    def _has_blobs(self, repository: str, manifest: Manifest) -> bool:
        return all(
            self._disk.size(blob.digest) is not None and self._disk.has_link(repository, blob.digest, manifest=False)
            for blob in manifest.blobs()
        )
