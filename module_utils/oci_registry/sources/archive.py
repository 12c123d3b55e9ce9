# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""An OCI archive: a tar file, maybe compressed, of an OCI image layout, as skopeo, buildah and newer engines write it."""

from __future__ import annotations

from typing import Iterator, List, Optional

from ..digest import is_digest, matches, new_hash, parse_digest, split_digest
from ..errors import BadInput, StoreUnreadable
from ..model import MAX_MANIFEST_BYTES
from ..tarball import Member, Tarball
from .base import ContentSource, Sink

_RELOAD = (
    "It may be pushed again under a new digest: docker_archive_push. "
    "Exact bytes come from a registry, a containerd or a snapshot that still has the image"
)


class ArchiveSource(ContentSource):
    """The blobs of an archive, indexed once and read in place. Where a digest is there more than once, whichever hashes to it is taken."""

    def __init__(self, path: str) -> None:
        self._tar = Tarball(path)
        self.label = f"archive {self._tar.path}"
        names = self._tar.names()
        if any(name.startswith("blobs/") for name in names):
            return
        self._tar.close()
        if "manifest.json" in names:
            what = "is a docker-archive, as docker save writes it: its layers are uncompressed, so the exact bytes of no digest are in it"
            raise BadInput(what, where=path, advice=_RELOAD)
        raise BadInput("holds no OCI image layout", where=path, advice="Give a tar file with oci-layout, index.json and blobs")

    def digests(self) -> List[str]:
        """What it claims to have."""
        names = (name.split("/")[1:] for name in self._tar.names() if name.startswith("blobs/"))
        return [digest for digest in map(":".join, names) if is_digest(digest)]

    def close(self) -> None:
        """See :class:`Source`."""
        self._tar.close()

    def manifest(self, repository: str, digest: str) -> Optional[bytes]:
        """See :class:`Source`."""
        small = (member for member in self._members(digest) if member.size <= MAX_MANIFEST_BYTES)
        contents = (b"".join(self._tar.chunks(member)) for member in small)
        return next((content for content in contents if matches(digest, content)), None)

    def size(self, digest: str) -> Optional[int]:
        """See :class:`ContentSource`."""
        found = self._members(digest)
        return self._right(found, digest).size if found else None

    def copy_blob(self, repository: str, digest: str, sink: Sink) -> None:
        """See :class:`Source`."""
        found = self._members(digest)
        if not found:
            raise StoreUnreadable("is gone", where=f"{self.label}: {digest}")
        for chunk in self._tar.chunks(self._right(found, digest)):
            sink(chunk)

    def _members(self, digest: str) -> List[Member]:
        found = self._tar.members("blobs/" + "/".join(split_digest(parse_digest(digest))))
        if not found and self._tar.damage:
            raise StoreUnreadable(f"{self._tar.damage}, and what lies behind that is lost", where=self._tar.path)
        return found

    def _right(self, found: List[Member], digest: str) -> Member:
        """The only one, or of several the first that hashes to the digest."""
        if len(found) == 1:
            return found[0]
        return next((member for member in found if _hash(self._tar.chunks(member), digest)), found[0])


def _hash(chunks: Iterator[bytes], digest: str) -> bool:
    hasher = new_hash(digest)
    for chunk in chunks:
        hasher.update(chunk)
    return bool(hasher.hexdigest() == split_digest(digest)[1])
