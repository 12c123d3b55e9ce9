# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""An OCI image layout folder: ``oci-layout``, ``index.json`` and ``blobs/<algorithm>/<hex>``."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO, Optional

from ..digest import matches, parse_digest, split_digest
from ..errors import BadInput, StoreUnreadable
from ..model import MAX_MANIFEST_BYTES
from .base import Sink, Source

_CHUNK_BYTES = 1 << 18


class LayoutSource(Source):
    """The blobs of an image layout. ``index.json`` does not matter: a digest says all."""

    def __init__(self, path: str) -> None:
        if not os.path.isdir(os.path.join(path, "blobs")):
            raise BadInput(
                "holds no OCI image layout", where=path, advice="Give the folder that holds oci-layout, index.json and blobs"
            )
        self._path = os.path.abspath(path)
        self.label = f"layout {self._path}"

    def manifest(self, repository: str, digest: str) -> Optional[bytes]:
        """See :class:`Source`."""
        file = self._open(digest)
        if file is None:
            return None
        with file:
            content = file.read(MAX_MANIFEST_BYTES + 1)
        return content if matches(digest, content) else None

    def has_blob(self, repository: str, digest: str, size: int) -> bool:
        """See :class:`Source`."""
        file = self._open(digest)
        if file is None:
            return False
        with file:
            return os.fstat(file.fileno()).st_size == size

    def copy_blob(self, repository: str, digest: str, sink: Sink) -> None:
        """See :class:`Source`."""
        file = self._open(digest)
        if file is None:
            raise StoreUnreadable("is gone", where=f"{self.label}: {digest}")
        with file:
            for chunk in iter(lambda: file.read(_CHUNK_BYTES), b""):
                sink(chunk)

    def _open(self, digest: str) -> Optional[BinaryIO]:
        path = os.path.join(self._path, "blobs", *split_digest(parse_digest(digest)))
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreUnreadable(f"cannot be read ({error.strerror})", where=path) from None
        file = os.fdopen(descriptor, "rb")
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return file
        file.close()
        return None
