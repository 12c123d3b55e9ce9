# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Sets a tag to a manifest that was looked at, or removes it without harm to anything else; what was there is kept, where a disk is at hand."""

from __future__ import annotations

from typing import NamedTuple, Optional

from ..errors import ApplyFailed, ProofFailed
from ..evidence.retention.changes import Changes
from ..evidence.retention.now import Now, Untold
from ..model import Manifest
from ..plans.facts import Node
from ..plans.retention.facts import RepositoryFacts
from ..plans.retention.items import DELETE_MANIFEST, DELETE_TAG, Item
from ..plans.retention.plan import API, DISK, PLANNED
from ..store import layout
from .api import ApiWriter
from .disk import StoreWriter
from .journal import Journal
from .retention import Tools, remove


class TagWriter(NamedTuple):
    """Changes tags of one registry; ``disk`` or ``api`` is None where that was not given. Journals nothing of what it does itself."""

    now: Now
    journal: Journal
    disk: Optional[StoreWriter]
    api: Optional[ApiWriter]

    def moved(self, repository: str, tag: str, before: str) -> bool:
        """Whether somebody pushed the tag since it pointed at ``before``. A broken one may not tell."""
        try:
            now = self.now.tag(repository, tag)
        except Untold:
            return False
        return now is not None and now != before

    def set(self, tag: str, node: Node, before: str, way: str, *, was_broken: bool = False) -> None:
        """Let the tag point at ``node``. Raises a :class:`RegistryError` where that does not come about.

        ``was_broken``: what it pointed at is, so that an undo does not ask for that.
        """
        repository, digest = node.repository, node.digest
        link, reason = layout.tag_link_path(repository, tag), f"tag {tag} was set to {digest}"
        if way == API:
            if self.disk is not None and before:
                self.disk.copy_links({link: before}, reason, lasting=was_broken)
            self._put(tag, node)
        elif self.disk is not None:
            self.disk.put_link(layout.tag_history_path(repository, tag, digest), digest, reason)
            self.disk.put_link(link, digest, reason)
        if self.now.tag(repository, tag) != digest:
            raise ProofFailed("it does not point at the digest, although it was set", where=f"{repository}:{tag}")

    def _put(self, tag: str, node: Node) -> None:
        if self.api is None:
            raise ApplyFailed("a tag over the API without registry")
        content, manifest = content_of(node)
        self.api.put_manifest(node.repository, tag, content, manifest)

    def remove(self, item: Item, *, was_broken: bool = False) -> None:
        """Remove the tag of ``item`` (:func:`removal`), which points at its digest. Raises where it is still there afterwards.

        ``was_broken``: see :meth:`set`.
        """
        (tag,) = item.tags
        harms = item.action == DELETE_MANIFEST  # a tag that goes alone harms no other, so none of them is asked for
        tags = self.now.tags(item.repository) if harms else {}
        facts = RepositoryFacts(item.repository, tags, {}, {}, {}, set(), {})
        changes = Changes(self.now, {item.repository: facts})
        remove(item, Tools(self.journal, changes, self.now, self.disk, self.api, was_broken))
        if item.state != "skipped" and self.now.listed(item.repository, tag):
            what = "it is still there, although it was deleted"
            raise ProofFailed(what, where=f"{item.repository}:{tag}", advice="Run on the registry's host with path")


def removal(repository: str, tag: str, digest: str, reason: str, *, on_disk: bool, dialect: str) -> Item:
    """The tag alone where that can be, else with its manifest: by 2.x over the API."""
    action = DELETE_TAG if on_disk or dialect == "3" else DELETE_MANIFEST
    return Item(action, repository, (tag,), digest, reason, (), DISK if on_disk else API, PLANNED)


def content_of(node: Node) -> tuple[bytes, Manifest]:
    """The bytes of a manifest, and what they say. Raises :class:`ApplyFailed` where they were not seen."""
    if node.content is None or node.manifest is None:
        raise ApplyFailed("its bytes are not at hand", where=f"{node.repository}@{node.digest}")
    return node.content, node.manifest
