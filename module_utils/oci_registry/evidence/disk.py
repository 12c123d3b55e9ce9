# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One store on disk, asked about single digests, links and tags. Reads only; used for the own store and for snapshots."""

from __future__ import annotations

import os
from typing import Callable, Dict, NamedTuple, Optional, Tuple, TypeVar

from ..digest import is_digest, matches, new_hash, split_digest
from ..errors import StoreUnreadable
from ..model import MAX_MANIFEST_BYTES
from ..plans.facts import GONE, RIGHT, WRONG, TagFact
from ..store import layout
from ..store.reader import CHUNK_BYTES, FILE_FLAGS, Blind, Reader
from ..store.reader import Unusable as UnusableFile

_T = TypeVar("_T")
_MAX_HISTORY = 2  # more than one digest is all that matters


class Unusable(StoreUnreadable):
    """The file of one blob cannot be read by anybody. The store itself can, so others may be well."""


class FileFact(NamedTuple):
    """What the file of a blob holds."""

    state: str  # right, wrong or gone
    size: Optional[int]  # bytes
    detail: str


class Found(NamedTuple):
    """What the disk has for one digest of one repository. ``stored``: the digest under which the bytes lie, almost always its own."""

    file: FileFact
    link: str  # right, wrong or gone
    stored: str


class DiskView:
    """Looks at one rootdirectory; every blob is hashed once. Everything raises :class:`StoreUnreadable` where it cannot look.

    ``dialect``: 2.x also serves manifests through layer links, 3.x does not.
    """

    def __init__(self, root: str, dialect: str = "2") -> None:
        self.root = root
        self._dialect = dialect
        self._reader = Reader(root)
        self._files: Dict[Tuple[str, str], FileFact] = {}

    def look(self, repository: str, digest: str, *, manifest: bool) -> Found:
        """The bytes of ``digest``, all of them read, and the link through which the repository serves it."""
        target = self._target(repository, digest, manifest)
        if (
            target and split_digest(target)[0] != split_digest(digest)[0]
        ):  # pushed under another algorithm than the registry stores by
            file = self._file(target, digest)
            if file.state == RIGHT:
                return Found(file, RIGHT, target)
        link = GONE if target is None else RIGHT if target == digest else WRONG
        return Found(self._file(digest, digest), link, digest)

    def forget(self, digest: str) -> None:
        """Look again the next time: it was changed."""
        for key in [key for key in self._files if digest in key]:
            del self._files[key]

    def size(self, digest: str) -> Optional[int]:
        """Size of the blob's file in bytes, unread; None if there is none. Raises :class:`Unusable` where something else is there."""
        return self._at(layout.blob_path(digest), self._reader.file_size)

    def manifest(self, digest: str, stored: str = "") -> Optional[bytes]:
        """The bytes of a manifest (that lie under the digest ``stored``), if they hash to its digest. Raises :class:`Unusable`."""
        path = layout.blob_path(stored or digest)
        if (self._at(path, self._reader.file_size) or 0) > MAX_MANIFEST_BYTES:
            return None
        content = self._at(path, self._read_manifest)
        return content if content is not None and matches(digest, content) else None

    def copy(self, digest: str, sink: Callable[[bytes], None]) -> bool:
        """Give all bytes of a blob's file to ``sink``, unchecked; False if there is no file."""
        return bool(self._at(layout.blob_path(digest), lambda folder, name, path: _copy(self._open(folder, name, path), sink)))

    def has_link(self, repository: str, digest: str, *, manifest: bool) -> bool:
        """Whether there is a link of that kind, whatever it holds."""
        path = layout.revision_link_path if manifest else layout.layer_link_path
        return self._at(path(repository, digest), self._reader.read_link) is not None

    def tag(self, repository: str, tag: str) -> TagFact:
        """What the tag's link holds, or else what its history names."""
        content = self._at(layout.tag_link_path(repository, tag), self._reader.read_link)
        digest = layout.parse_link(content) if content is not None else None
        if digest is not None:
            return TagFact(repository, tag, digest, RIGHT, self._history(repository, tag))
        detail = "its link is gone" if content is None else f"its link holds {content[:80]!r}" if content else "its link is empty"
        there = content is not None or self._at(layout.tag_path(repository, tag) + "/-", lambda *_folder: True) is not None
        return TagFact(repository, tag, "", GONE if content is None else WRONG, self._history(repository, tag), detail, there)

    def _history(self, repository: str, tag: str) -> Tuple[str, ...]:
        """Digests that the tag once pointed at: at most two, since only a single one tells what it pointed at last."""
        found = []
        for algorithm in layout.ENCODED_LENGTHS:
            path = f"{layout.tag_path(repository, tag)}/index/{algorithm}"
            names = self._at(path + "/-", lambda folder, _name, _path: os.listdir(folder)) or []
            found += [digest for digest in (f"{algorithm}:{name}" for name in names) if is_digest(digest)]
        return tuple(found[:_MAX_HISTORY])

    def _file(self, stored: str, digest: str) -> FileFact:
        key = (stored, digest)
        if key not in self._files:
            self._files[key] = self._hash(stored, digest)
        return self._files[key]

    def _hash(self, stored: str, digest: str) -> FileFact:
        """A file that nobody can read is as wrong as one with other bytes, and can be replaced like it."""
        size = None
        try:
            size = self.size(stored)
            if size is None:
                return FileFact(GONE, None, "its bytes are not on disk")
            hashed = self._at(
                layout.blob_path(stored), lambda folder, name, path: self._reader.hash_file(folder, name, path, new_hash(digest))
            )
        except Unusable as problem:
            return FileFact(WRONG, size, problem.what)
        if hashed == split_digest(digest)[1]:
            return FileFact(RIGHT, size, "")
        return FileFact(WRONG, size, f"the {size} bytes on disk do not hash to it")

    def _target(self, repository: str, digest: str, manifest: bool) -> Optional[str]:
        """What the link that serves ``digest`` holds: None if there is no link, an empty text if it holds no digest."""
        content = None
        if manifest:
            content = self._at(layout.revision_link_path(repository, digest), self._reader.read_link)
        if content is None and (not manifest or self._dialect == "2"):
            content = self._at(layout.layer_link_path(repository, digest), self._reader.read_link)
        return None if content is None else layout.parse_link(content) or ""

    def _read_manifest(self, folder: int, name: str, path: str) -> Optional[bytes]:
        return self._reader.read_file(folder, name, path, MAX_MANIFEST_BYTES)

    def _open(self, folder: int, name: str, path: str) -> int:
        try:
            return os.open(name, FILE_FLAGS, dir_fd=folder)
        except OSError as error:
            raise self._reader.blind(path, error) from None

    def _at(self, path: str, read: Callable[[int, str, str], Optional[_T]]) -> Optional[_T]:
        """Call ``read`` with the open folder of ``path``, its last name and ``path``; None where there is no such folder."""
        *folders, name = path.split("/")
        try:
            root = self._reader.open_root()
            try:
                folder = self._reader.open_path(root, tuple(folders), "")
            finally:
                os.close(root)
            if folder is None:
                return None
            try:
                return read(folder, name, path)
            finally:
                os.close(folder)
        except UnusableFile as problem:
            raise Unusable(str(problem)) from None
        except Blind as problem:
            raise StoreUnreadable(str(problem), advice="Run as the user that the registry runs as, or as root") from None
        except OSError as error:
            raise StoreUnreadable(f"cannot be read ({error.strerror})", where=os.path.join(self.root, path)) from None


def _copy(descriptor: int, sink: Callable[[bytes], None]) -> bool:
    try:
        while True:
            chunk = os.read(descriptor, CHUNK_BYTES)
            if not chunk:
                return True
            sink(chunk)
    finally:
        os.close(descriptor)
