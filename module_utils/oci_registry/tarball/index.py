# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A tar archive on disk, plain or compressed: indexed once, its members read in place by any number of threads."""

from __future__ import annotations

import os
import posixpath
from typing import Dict, Iterator, List, NamedTuple

from ..errors import BadInput, StoreUnreadable
from .headers import DamagedTar, Header, headers
from .plain import Plain, open_plain

_CHUNK_BYTES = 1 << 18
_MAX_HOPS = 8


class Member(NamedTuple):
    """Where the bytes of a file lie."""

    offset: int
    size: int  # bytes


class Tarball:
    """The files of an archive by name. Links are followed within the archive, to files of it only.

    ``damage`` says where an archive could not be read to its end; what lies before that is there all the same. Raises
    :class:`BadInput` for what is no archive, :class:`StoreUnreadable` where it cannot be read.
    """

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)
        self._plain: Plain = open_plain(self.path)
        self.damage = self._plain.damage
        self._files: Dict[str, List[Member]] = {}
        self._links: Dict[str, Header] = {}
        try:
            self._index()
        except BaseException:
            self.close()
            raise

    def _index(self) -> None:
        try:
            for header in headers(self._read, self._plain.size):
                name = _clean(header.name)
                if header.is_file:
                    self._files.setdefault(name, []).append(Member(header.offset, header.size))
                elif header.target:
                    self._links[name] = header
        except DamagedTar as error:
            self.damage = self.damage or str(error)
        if self.damage and not self._files:
            raise BadInput(f"is no tar archive that can be read: it {self.damage}", where=self.path)

    def names(self) -> List[str]:
        """The names of all files, without a leading ``./``."""
        return list(self._files)

    def members(self, name: str) -> List[Member]:
        """The files of that name, the last one first, which is the one that counts; none where there is no such file."""
        for _hop in range(_MAX_HOPS):
            if name in self._files:
                return self._files[name][::-1]
            link = self._links.get(name)
            if link is None:
                return []
            folder = "" if link.hard else posixpath.dirname(name)
            name = posixpath.normpath(posixpath.join(folder, link.target))
        return []

    def content(self, name: str, limit: int) -> bytes:
        """The bytes of one small file. Raises :class:`BadInput` where there is none, or it is larger than ``limit`` bytes."""
        found = self.members(name)
        if not found:
            raise BadInput(f"has no {name}" + (f": it {self.damage}" if self.damage else ""), where=self.path)
        if found[0].size > limit:
            raise BadInput(f"has a {name} of {found[0].size} bytes, more than the {limit} that it may have", where=self.path)
        return b"".join(self.chunks(found[0]))

    def chunks(self, member: Member) -> Iterator[bytes]:
        """The bytes of a file, piece by piece."""
        position, end = member.offset, member.offset + member.size
        while position < end:
            chunk = self._read(position, min(_CHUNK_BYTES, end - position))
            if not chunk:
                raise StoreUnreadable("became shorter while it was read", where=self.path)
            position += len(chunk)
            yield chunk

    def close(self) -> None:
        """Let go of the file."""
        self._plain.close()

    def _read(self, offset: int, count: int) -> bytes:
        try:
            return os.pread(self._plain.descriptor, count, offset)
        except OSError as error:
            raise StoreUnreadable(f"cannot be read ({error.strerror})", where=self.path) from None


def _clean(name: str) -> str:
    while name.startswith("./"):
        name = name[2:]
    return name.rstrip("/")
