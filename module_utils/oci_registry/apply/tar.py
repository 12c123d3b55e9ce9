# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A tar archive written member by member, each hashed while it is written. The same content gives the same bytes."""

from __future__ import annotations

import os
import tarfile
from typing import BinaryIO, Callable

from ..digest import new_hash, split_digest
from .workplace import writing

_BLOCK = 512

Sink = Callable[[bytes], None]


class TarWriter:
    """Adds files to an open, empty, seekable ``file``; ``end()`` once, at the end. Raises :class:`ApplyFailed` where the disk is full."""

    def __init__(self, file: BinaryIO, path: str) -> None:
        self._file = file
        self._path = path

    def add(self, name: str, content: bytes) -> None:
        """Add a file whose bytes are at hand."""
        with writing(self._path):
            self._file.write(_header(name, len(content)))
            self._file.write(content)
            self._pad(len(content))

    def add_blob(self, name: str, digest: str, size: int, copy: Callable[[Sink], None]) -> bool:
        """Add the ``size`` bytes that ``copy`` gives, if they hash to ``digest``; else the archive is as it was, and False returned.

        What ``copy`` raises is raised, with the archive as it was.
        """
        start, member = self._file.tell(), _Checked(self._file, self._path, digest, size)
        with writing(self._path):
            self._file.write(_header(name, size))
        try:
            copy(member.take)
            right = member.is_right()
        except BaseException:
            self._cut(start)
            raise
        if right:
            with writing(self._path):
                self._pad(size)
        else:
            self._cut(start)
        return right

    def end(self) -> None:
        """Write the end of the archive, and wait until all is on disk."""
        with writing(self._path):
            self._file.write(b"\0" * 2 * _BLOCK)
            self._file.flush()
            os.fsync(self._file.fileno())

    def _pad(self, size: int) -> None:
        self._file.write(b"\0" * (-size % _BLOCK))

    def _cut(self, start: int) -> None:
        with writing(self._path):
            self._file.seek(start)
            self._file.truncate()


class _Checked:
    """Takes bytes until there are more than there should be: those beyond are not written."""

    def __init__(self, file: BinaryIO, path: str, digest: str, size: int) -> None:
        self._file = file
        self._path = path
        self._digest = digest
        self._hash = new_hash(digest)
        self._left = size

    def take(self, chunk: bytes) -> None:
        self._left -= len(chunk)
        if self._left >= 0:
            self._hash.update(chunk)
            with writing(self._path):
                self._file.write(chunk)

    def is_right(self) -> bool:
        return self._left == 0 and bool(self._hash.hexdigest() == split_digest(self._digest)[1])


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)
