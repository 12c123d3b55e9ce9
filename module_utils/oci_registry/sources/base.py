# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What every source can do."""

from __future__ import annotations

from typing import Callable, NamedTuple, Optional

Sink = Callable[[bytes], None]


class Failure(NamedTuple):
    """Why a source did not deliver what it promised. ``lied``: it gave other bytes; else it could not be read, and may have the right ones."""

    why: str
    lied: bool


class Source:
    """A place that may have the bytes of a digest. ``label`` names it in plans; every method may raise a :class:`RegistryError`."""

    label = ""

    def manifest(self, repository: str, digest: str) -> Optional[bytes]:
        """The bytes of a manifest of ``repository``, which hash to ``digest``; None if this source has no such bytes."""
        raise NotImplementedError

    def has_blob(self, repository: str, digest: str, size: int) -> bool:
        """Whether a blob of ``size`` bytes can be had here. Its bytes are not read."""
        raise NotImplementedError

    def copy_blob(self, repository: str, digest: str, sink: Sink) -> None:
        """Give the bytes of a blob to ``sink``, unchecked."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of connections and files."""

    def mount_from(self) -> Optional[str]:
        """The repository of the registry under repair that this source is, if it is one: blobs can be mounted from there."""
        return None


class ContentSource(Source):
    """A place on this host where a digest says all, whatever the repository."""

    def size(self, digest: str) -> Optional[int]:
        """How many bytes lie there under a digest, unread; None if there are none."""
        raise NotImplementedError

    def has_blob(self, repository: str, digest: str, size: int) -> bool:
        """See :class:`Source`."""
        return self.size(digest) == size
