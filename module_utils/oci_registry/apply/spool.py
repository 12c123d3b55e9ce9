# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Temporary files: bytes are hashed while they come in, and go nowhere before they were found right."""

from __future__ import annotations

import contextlib
import os
import tempfile
from types import TracebackType
from typing import Optional, Type

from ..digest import new_hash, split_digest
from ..errors import ProtocolError
from .workplace import TEMPORARY, Workplace, writing


class Spool:
    """A temporary file whose bytes are hashed while they are written. Use as a context manager: it never outlives the block."""

    def __init__(self, workplace: Workplace, digest: str, limit: Optional[int] = None) -> None:
        """``limit``: the most bytes that it takes, so that no source can fill the disk."""
        self.digest = digest
        self._limit = limit
        self.size = 0
        self._hash = new_hash(digest)
        with writing(workplace.base):
            descriptor, self.path = tempfile.mkstemp(prefix="spool-", dir=workplace.folder(TEMPORARY))
        self._file = os.fdopen(descriptor, "wb", buffering=1 << 20)

    def write(self, chunk: bytes) -> None:
        """Take some more bytes. Raises :class:`ApplyFailed` when the disk is full, :class:`ProtocolError` past the limit."""
        if self._limit is not None and self.size + len(chunk) > self._limit:
            raise ProtocolError(f"delivers more than the {self._limit} bytes that its descriptor says")
        with writing(self.path):
            self._file.write(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)

    def take_digest(self) -> str:
        """For bytes whose digest nobody knew before (``digest`` named no more than an algorithm): from now on it is theirs."""
        self.digest = f"{split_digest(self.digest)[0]}:{self._hash.hexdigest()}"
        return self.digest

    def settle(self) -> None:
        """All bytes are here: wait until they are on disk."""
        with writing(self.path):
            self._file.flush()
            os.fsync(self._file.fileno())

    def verified(self) -> bool:
        """Whether the bytes hash to the digest."""
        return bool(self._hash.hexdigest() == split_digest(self.digest)[1])

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, _kind: Optional[Type[BaseException]], _error: Optional[BaseException], _trace: Optional[TracebackType]
    ) -> None:
        with contextlib.suppress(OSError):  # a full disk was reported by write() or verified()
            self._file.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
