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

_T = TypeVar("_T")
_MAX_HISTORY = 2  # more than one digest is all that matters


class FileFact(NamedTuple):
    """What the file of a blob holds."""

    state: str  # right, wrong or gone
    size: Optional[int]  # bytes
    detail: str


class DiskView:
    """Looks at one rootdirectory; every blob is hashed once. Everything raises :class:`StoreUnreadable` where it cannot look."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._reader = Reader(root)
        self._files: Dict[str, FileFact] = {}

    def file(self, digest: str) -> FileFact:
        """Whether the bytes of ``digest`` are there, and right: all of them are read."""
        if digest not in self._files:
            self._files[digest] = self._look(digest)
        return self._files[digest]

    def forget(self, digest: str) -> None:
        """Look again the next time: it was changed."""
        self._files.pop(digest, None)

    def size(self, digest: str) -> Optional[int]:
        """Size of the blob's file in bytes, unread; None if there is none."""
        return self._at(layout.blob_path(digest), self._reader.file_size)

    def manifest(self, digest: str) -> Optional[bytes]:
        """The bytes of a manifest, if they hash to its digest."""
        if (self.size(digest) or 0) > MAX_MANIFEST_BYTES:
            return None
        content = self._at(layout.blob_path(digest), self._read_manifest)
        return content if content is not None and matches(digest, content) else None

    def copy(self, digest: str, sink: Callable[[bytes], None]) -> bool:
        """Give all bytes of a blob's file to ``sink``, unchecked; False if there is no file."""
        return bool(self._at(layout.blob_path(digest), lambda folder, name, path: _copy(self._open(folder, name, path), sink)))

    def revision_link(self, repository: str, digest: str) -> str:
        """Whether the link through which the repository serves a manifest is right, wrong or gone."""
        return self._link(layout.revision_link_path(repository, digest), digest)

    def layer_link(self, repository: str, digest: str) -> str:
        """Whether the link through which the repository serves a blob is right, wrong or gone."""
        return self._link(layout.layer_link_path(repository, digest), digest)

    def tag(self, repository: str, tag: str) -> TagFact:
        """What the tag's link holds, or else what its history names."""
        content = self._at(layout.tag_link_path(repository, tag), self._reader.read_link)
        digest = layout.parse_link(content) if content is not None else None
        if digest is not None:
            return TagFact(repository, tag, digest, RIGHT)
        detail = "its link is gone" if content is None else f"its link holds {content[:80]!r}" if content else "its link is empty"
        return TagFact(repository, tag, "", GONE if content is None else WRONG, self._history(repository, tag), detail)

    def _history(self, repository: str, tag: str) -> Tuple[str, ...]:
        """Digests that the tag once pointed at: at most two, since only a single one tells what it pointed at last."""
        found = []
        for algorithm in layout.ENCODED_LENGTHS:
            path = f"{layout.tag_path(repository, tag)}/index/{algorithm}"
            names = self._at(path + "/-", lambda folder, _name, _path: os.listdir(folder)) or []
            found += [digest for digest in (f"{algorithm}:{name}" for name in names) if is_digest(digest)]
        return tuple(found[:_MAX_HISTORY])

    def _look(self, digest: str) -> FileFact:
        size = self.size(digest)
        if size is None:
            return FileFact(GONE, None, "its bytes are not on disk")
        hashed = self._at(
            layout.blob_path(digest), lambda folder, name, path: self._reader.hash_file(folder, name, path, new_hash(digest))
        )
        if hashed == split_digest(digest)[1]:
            return FileFact(RIGHT, size, "")
        return FileFact(WRONG, size, f"the {size} bytes on disk do not hash to it")

    def _link(self, path: str, digest: str) -> str:
        content = self._at(path, self._reader.read_link)
        if content is None:
            return GONE
        return RIGHT if layout.parse_link(content) == digest else WRONG

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
