# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Folders that hold ``<algorithm>/<hex>`` files, as OCI image layouts and content stores of containerd do."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import BinaryIO, Iterator, Optional, Sequence

from ..digest import matches, parse_digest, split_digest
from ..errors import StoreUnreadable
from ..model import MAX_MANIFEST_BYTES
from .base import ContentSource, Sink

_CHUNK_BYTES = 1 << 18


class BlobFolders(ContentSource):
    """The blobs of one folder or of several, the first that has one first."""

    def __init__(self, folders: Sequence[str], label: str) -> None:
        self._folders = folders
        self.label = label

    def manifest(self, repository: str, digest: str) -> Optional[bytes]:
        """See :class:`Source`."""
        file = self._open(digest)
        if file is None:
            return None
        with file, reading(f"{self.label}: {digest}"):
            content = file.read(MAX_MANIFEST_BYTES + 1)
        return content if matches(digest, content) else None

    def size(self, digest: str) -> Optional[int]:
        """See :class:`ContentSource`."""
        file = self._open(digest)
        if file is None:
            return None
        with file:
            return os.fstat(file.fileno()).st_size

    def copy_blob(self, repository: str, digest: str, sink: Sink) -> None:
        """See :class:`Source`."""
        file = self._open(digest)
        if file is None:
            raise StoreUnreadable("is gone", where=f"{self.label}: {digest}")
        with file:
            for chunk in iter(lambda: self._chunk(file, digest), b""):
                sink(chunk)

    def _chunk(self, file: BinaryIO, digest: str) -> bytes:
        with reading(f"{self.label}: {digest}"):  # not the sink, which has errors of its own
            return file.read(_CHUNK_BYTES)

    def _open(self, digest: str) -> Optional[BinaryIO]:
        names = split_digest(parse_digest(digest))
        return next(filter(None, (open_file(os.path.join(folder, *names)) for folder in self._folders)), None)


@contextlib.contextmanager
def reading(where: str) -> Iterator[None]:
    """Turn what a bad sector or a file server says into :class:`StoreUnreadable`, so that the next source is tried."""
    try:
        yield
    except OSError as error:
        raise StoreUnreadable(f"cannot be read ({error.strerror or error})", where=where) from None


def open_file(path: str) -> Optional[BinaryIO]:
    """A regular file for reading; None if there is none. Raises :class:`StoreUnreadable` where it cannot be opened."""
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


def is_folder(path: str) -> bool:
    """Whether there is such a folder. Raises :class:`StoreUnreadable` where that cannot be seen."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StoreUnreadable(f"cannot be read ({error.strerror})", where=path, advice="Run as root") from None
