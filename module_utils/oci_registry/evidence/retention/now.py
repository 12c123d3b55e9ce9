# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""How a registry stands right now, just before something is deleted from it: its tags, from the disk or over HTTP."""

from __future__ import annotations

import os
from typing import Dict, Optional, Protocol

from ...client import Client
from ...digest import is_digest, matches
from ...errors import ProtocolError, StoreUnreadable
from ...model import InvalidManifest, Manifest, parse_manifest
from ...reference import is_tag
from ...store import layout
from ...store.reader import Blind, Reader
from ...walk.facts import describe
from ..disk import DiskView


class Untold(ProtocolError):
    """The registry answers, and does not tell what one tag points at: its link may hold garbage. Other tags may be well."""


class Now(Protocol):
    """Raises a :class:`RegistryError` where it cannot look."""

    #: for how many seconds a list of tags counts as fresh; what is about to be deleted is asked for again all the same
    freshness: float

    def tags(self, repository: str) -> Dict[str, str]:
        """All tags of a repository with their digests."""

    def tag(self, repository: str, tag: str) -> Optional[str]:
        """The digest of one tag; None where there is no such tag, or it points at nothing. Raises :class:`Untold`."""

    def listed(self, repository: str, tag: str) -> bool:
        """Whether there is such a tag, whatever it points at."""

    def manifest(self, repository: str, digest: str) -> Optional[Manifest]:
        """A manifest; None where there is none that can be read."""

    def linked(self, repository: str, digest: str) -> Optional[float]:
        """When the link that serves a manifest was last written, where that can be told."""


class DiskNow:
    """The store on disk."""

    freshness = 0.2

    def __init__(self, root: str) -> None:
        self._root = root
        self._reader = Reader(root)
        self._view = DiskView(root)

    def tags(self, repository: str) -> Dict[str, str]:
        """Read every tag's link."""
        try:
            folder = self._tags_folder(repository)
            if folder is None:
                return {}
            try:
                found = {name: self._digest(folder, name, repository) for name in os.listdir(folder) if is_tag(name)}
            finally:
                os.close(folder)
        except Blind as problem:
            raise StoreUnreadable(str(problem), advice="Run as the user that the registry runs as, or as root") from None
        return {tag: digest for tag, digest in found.items() if digest}

    def _tags_folder(self, repository: str) -> Optional[int]:
        root = self._reader.open_root()
        try:
            return self._reader.open_path(root, (*layout.repository_path(repository).split("/"), "_manifests", "tags"), "")
        finally:
            os.close(root)

    def _digest(self, folder: int, tag: str, repository: str) -> Optional[str]:
        path = layout.tag_path(repository, tag)
        current = self._reader.open_path(folder, (tag, "current"), path)
        if current is None:
            return None
        try:
            content = self._reader.read_link(current, "link", f"{path}/current/link")
        finally:
            os.close(current)
        return layout.parse_link(content) if content is not None else None

    def tag(self, repository: str, tag: str) -> Optional[str]:
        """Read the tag's link."""
        return self._view.tag(repository, tag).digest or None

    def listed(self, repository: str, tag: str) -> bool:
        """Look for its folder."""
        return os.path.lexists(os.path.join(self._root, layout.tag_path(repository, tag)))

    def manifest(self, repository: str, digest: str) -> Optional[Manifest]:
        """Read the blob, whatever links to it."""
        return _parsed(self._view.manifest(digest))

    def linked(self, repository: str, digest: str) -> Optional[float]:
        """The time of the link in ``revisions``."""
        try:
            return os.lstat(os.path.join(self._root, layout.revision_link_path(repository, digest))).st_mtime
        except OSError:
            return None


class ApiNow:
    """The registry over HTTP."""

    freshness = 10.0

    def __init__(self, client: Client) -> None:
        self._client = client

    def tags(self, repository: str) -> Dict[str, str]:
        """List the tags, and ask for each."""
        found = {tag: self.tag(repository, tag) for tag in self._client.tags(repository) or () if is_tag(tag)}
        return {tag: digest for tag, digest in found.items() if digest}

    def tag(self, repository: str, tag: str) -> Optional[str]:
        """HEAD; a tag's link is never answered from a cache."""
        answer = self._client.head_manifest(repository, tag)
        if answer.status == 404:
            return None
        digest = answer.headers.get("docker-content-digest", "")
        if answer.status == 200 and is_digest(digest):
            return digest
        what = f"the registry does not tell what the tag points at: it {describe(answer)}"
        raise Untold(what, where=f"{repository}:{tag}", advice="Its link may hold garbage: run on the registry's host with path")

    def listed(self, repository: str, tag: str) -> bool:
        """Look for it in the list of tags, which names broken ones, too."""
        return tag in (self._client.tags(repository) or ())

    def manifest(self, repository: str, digest: str) -> Optional[Manifest]:
        """GET by digest."""
        answer = self._client.get_manifest(repository, digest)
        return _parsed(answer.body if answer.status == 200 and matches(digest, answer.body) else None)

    def linked(self, repository: str, digest: str) -> Optional[float]:
        """Nothing tells over HTTP."""
        return None


def _parsed(content: Optional[bytes]) -> Optional[Manifest]:
    try:
        return parse_manifest(content) if content is not None else None
    except InvalidManifest:
        return None
