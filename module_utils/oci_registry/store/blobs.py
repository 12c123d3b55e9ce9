# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The blobs of a store: sizes, hashes, and the manifests among them."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from sys import intern
from typing import Collection, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

from ..digest import matches, new_hash, split_digest
from ..model import MAX_MANIFEST_BYTES, InvalidManifest, Known, Manifest, parse_manifest
from .accepts import accepts
from .layout import BASE, ENCODED_LENGTHS, blob_path
from .reader import Blind, Reader

SMALL_BYTES = 1 << 17

Shard = Tuple[str, str]  # algorithm, first two digits


class ManifestFile(NamedTuple):
    """The file of what should be a manifest."""

    size: int  # bytes
    right: bool  # whether the bytes hash to the digest
    manifest: Optional[Manifest]  # None where it is no manifest of a known kind
    accepted: bool  # whether the registry can read it, and so serves it
    problem: str  # why it is no manifest


class Blobs:
    """Looks blobs up by digest, each once. ``base`` is the open folder ``docker/registry/v2``.

    :meth:`load` reads whole shards (``blobs/<alg>/<2 hex>``) ahead in the order of the directory, which is several times faster
    on a cold disk; whatever was not loaded is looked up one by one, so a fresh instance says how things stand now.
    """

    def __init__(self, reader: Reader, base: int, dialect: str) -> None:
        self._reader = reader
        self._base = base
        self._dialect = dialect
        self.sizes: Dict[str, int] = {}
        self.manifests: Dict[str, Manifest] = {}  #: the bytes are right, and understood
        self._odd: Dict[str, ManifestFile] = {}
        self._hashes: Dict[Tuple[str, str], bool] = {}
        self._loaded: Set[Shard] = set()
        self._wanted: Set[str] = set()
        self._unseen: Set[str] = set()  # of the wanted ones: those that a loaded shard tells nothing of
        self._known: Known = {}
        self._hashes_small = False

    # -- one by one; all raise Blind where it cannot be told

    def size(self, digest: str) -> Optional[int]:
        """Size of the blob's file in bytes; None if there is none."""
        size = self.sizes.get(digest)
        if size is not None:
            return size
        algorithm, encoded = split_digest(digest)
        if (algorithm, encoded[:2]) in self._loaded and digest in self._wanted and digest not in self._unseen:
            return None
        folder = self._open(digest)
        if folder is None:
            return None
        try:
            size = self._reader.file_size(folder, "data", blob_path(digest))
        finally:
            os.close(folder)
        if size is not None:
            self.sizes[digest] = size
        return size

    def examine(self, digest: str) -> Optional[ManifestFile]:
        """Read the blob as a manifest; None if there is no file."""
        manifest = self.manifests.get(digest)
        if manifest is not None:
            return ManifestFile(self.sizes[digest], True, manifest, True, "")
        if digest not in self._odd:
            size = self.size(digest)
            folder = self._open(digest) if size is not None else None
            if size is None or folder is None:
                return None
            try:
                self._read_manifest(folder, "data", digest, size)
            finally:
                os.close(folder)
            if digest in self.manifests:
                return self.examine(digest)
        return self._odd.get(digest)

    def hashes_to(self, blob: str, digest: str) -> Optional[bool]:
        """Whether the file of ``blob`` hashes to ``digest``; None if there is no file. Reads it once."""
        key = (blob, digest)
        if key not in self._hashes:
            folder = self._open(blob)
            if folder is None:
                return None
            try:
                found = self._reader.hash_file(folder, "data", blob_path(blob), new_hash(digest))
            finally:
                os.close(folder)
            if found is None:
                return None
            self._hashes[key] = found == split_digest(digest)[1]
        return self._hashes[key]

    def forget(self, digests: Iterable[str]) -> None:
        """Look these up anew when they are asked for next."""
        for digest in digests:
            self.sizes.pop(digest, None)
            self.manifests.pop(digest, None)
            self._odd.pop(digest, None)
            self._hashes.pop((digest, digest), None)
            self._unseen.add(digest)

    def _open(self, digest: str) -> Optional[int]:
        algorithm, encoded = split_digest(digest)
        return self._reader.open_path(self._base, ("blobs", algorithm, encoded[:2], encoded), BASE)

    # -- whole shards

    def want(self, digests: Set[str], *, hash_small: bool = False) -> None:
        """Name the blobs that :meth:`load` is to look at; of others it will not be known whether they are there.

        ``hash_small``: it also hashes those that are done sooner than another thread would have come to them.
        """
        self._wanted = digests
        self._hashes_small = hash_small

    def shards(self) -> List[Shard]:
        """All shards that there are; what cannot be listed stays for the lookup one by one, which then says why."""
        found: List[Shard] = []
        for algorithm in sorted(ENCODED_LENGTHS):
            try:
                folder = self._reader.open_path(self._base, ("blobs", algorithm), BASE)
            except Blind:
                continue
            if folder is not None:
                try:
                    found.extend((algorithm, name) for name in sorted(os.listdir(folder)) if len(name) == 2)
                except OSError as error:
                    self._reader.blind(f"{BASE}/blobs/{algorithm}", error)
                finally:
                    os.close(folder)
        return found

    def load(self, shard: Shard, manifests: Collection[str]) -> None:
        """Take the size of every wanted blob of a shard, reading those in ``manifests`` as such."""
        algorithm, digits = shard
        folder = None
        try:
            folder = self._reader.open_path(self._base, ("blobs", algorithm, digits), BASE)
            if folder is not None:
                self._load_folder(folder, shard, manifests)
                self._loaded.add(shard)
        except Blind:
            pass  # noted; who asks for one of its blobs will hear of it again
        finally:
            if folder is not None:
                os.close(folder)

    def _load_folder(self, folder: int, shard: Shard, manifests: Collection[str]) -> None:
        algorithm, digits = shard
        wanted = self._wanted
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    digest = f"{algorithm}:{entry.name}"
                    if digest not in wanted:
                        continue
                    if entry.is_dir(follow_symlinks=False) and entry.name.startswith(digits):
                        self._load_blob(folder, entry.name, intern(digest), manifests)
                    else:
                        self._unseen.add(digest)  # looked at with care, if anybody asks for it
        except OSError as error:
            raise self._reader.blind(f"{BASE}/blobs/{algorithm}/{digits}", error) from None

    def _load_blob(self, folder: int, name: str, digest: str, manifests: Collection[str]) -> None:
        name += "/data"
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return
        except OSError:
            self._unseen.add(digest)
            return
        if not stat.S_ISREG(status.st_mode):
            self._unseen.add(digest)
            return
        self.sizes[digest] = status.st_size
        with suppress(Blind):  # noted; who asks for it will hear of it again
            if digest in manifests:
                self._read_manifest(folder, name, digest, status.st_size)
            elif self._hashes_small and status.st_size < SMALL_BYTES:
                content = self._reader.read_file(folder, name, blob_path(digest), status.st_size)
                self._hashes[digest, digest] = content is not None and matches(digest, content)

    def unhashed(self) -> List[str]:
        """Blobs that are there and were not hashed yet, the largest first: so all threads have something to do to the end."""
        hashed = self._hashes
        waiting = [digest for digest in self.sizes if digest not in self.manifests and (digest, digest) not in hashed]
        return sorted(waiting, key=lambda digest: -self.sizes[digest])

    def hash_ahead(self, digest: str) -> None:
        """Hash one blob, so that :meth:`hashes_to` knows."""
        with suppress(Blind):  # noted; who asks for it will hear of it again
            self.hashes_to(digest, digest)

    # -- manifests

    def _read_manifest(self, folder: int, name: str, digest: str, size: int) -> None:
        """Fill ``manifests`` or ``_odd`` from the file ``name`` in an open folder."""
        if size > MAX_MANIFEST_BYTES:
            found = self._reader.hash_file(folder, name, blob_path(digest), new_hash(digest))
            problem = f"{size} bytes, where a registry accepts {MAX_MANIFEST_BYTES}"
            self._odd[digest] = ManifestFile(size, found == split_digest(digest)[1], None, False, problem)
            return
        content = self._reader.read_file(folder, name, blob_path(digest), size)
        if content is None:
            return
        right, problem, manifest = matches(digest, content), "", None
        try:
            manifest = parse_manifest(content, self._known)
        except InvalidManifest as error:
            problem = str(error)
        if right and manifest is not None and manifest.kind != "legacy":
            self.manifests[digest] = manifest
        else:
            self._odd[digest] = ManifestFile(size, right, manifest, accepts(content, self._dialect), problem)
