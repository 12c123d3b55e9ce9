# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What only the disk shows: links that hold no digest or the wrong one, and layer links without a blob that nobody needs."""

from __future__ import annotations

from typing import Dict, Iterator, List, Optional, Set, Tuple

from ..digest import split_digest
from ..findings import CRITICAL, INFO, WARNING, Finding
from ..model import Manifest
from ..reach import closure
from ..store.blobs import Blobs
from ..store.layout import layer_link_path, revision_link_path, tag_link_path
from ..store.links import OddLink, RepositoryLinks
from ..store.reader import Blind
from ..view import RepositoryView

Names = Tuple[str, ...]


class DiskOnly:
    """The findings of one repository that no request could show."""

    def __init__(self, view: RepositoryView, links: RepositoryLinks, blobs: Blobs) -> None:
        self._view = view
        self._links = links
        self._blobs = blobs
        self._reached: Optional[Dict[str, Set[str]]] = None  # tag: all that it needs, worked out only when asked for

    def invalid_links(self) -> Iterator[Finding]:
        """``link-invalid``: critical where a tag needs what the link should lead to, else a warning."""
        name = self._view.name
        for tag, dead in self._links.dead_tags.items():
            if dead is not None:
                yield self._invalid(CRITICAL, (tag,), "", _holds(tag_link_path(name, tag), dead), ("repoint", "rebuild"))
        for digest, link in self._links.revisions.odd.items():
            yield from self._invalid_at(digest, revision_link_path(name, digest), link)
        for digest, link in self._links.layers.odd.items():
            yield from self._invalid_at(digest, layer_link_path(name, digest), link)
        for path, link in self._links.history.items():
            if not link.target:
                yield self._invalid(WARNING, (), "", _holds(path, link), ("remove-link",))

    def orphan_links(self) -> List[Finding]:
        """``layer-link-orphan``: a layer link without a blob that no manifest of the repository names."""
        candidates = [digest for digest in self._links.layers.sound if self._is_gone(digest)]
        if not candidates:
            return []
        needed = self._needed()
        return [self._orphan(digest) for digest in sorted(candidates) if digest not in needed]

    def _invalid_at(self, digest: str, path: str, link: OddLink) -> Iterator[Finding]:
        if link.target and split_digest(link.target)[0] != split_digest(digest)[0]:
            return  # stored under another algorithm: in order
        tags = tuple(sorted(tag for tag, needs in self._needs_of_tags().items() if digest in needs))
        repair = "remove-link" if self._is_gone(digest) else "relink"
        yield self._invalid(CRITICAL if tags else WARNING, tags, digest, _holds(path, link), (repair,))

    def _invalid(self, severity: str, tags: Names, digest: str, detail: str, repairs: Names) -> Finding:
        return Finding("link-invalid", severity, self._view.name, tags, digest, "", "", "link", "invalid", detail, repairs)

    def _orphan(self, digest: str) -> Finding:
        detail = f"{layer_link_path(self._view.name, digest)} leads to a blob that is not on disk and that no manifest here names"
        return Finding("layer-link-orphan", INFO, self._view.name, (), digest, "", "", "link", "gone", detail, ("remove-link",))

    def _is_gone(self, digest: str) -> bool:
        try:
            return self._blobs.size(digest) is None
        except Blind:
            return False

    def _needs_of_tags(self) -> Dict[str, Set[str]]:
        if self._reached is None:
            view = self._view
            by_digest = {digest: closure((digest,), view.manifests) for digest in set(view.tags.values())}
            self._reached = {tag: by_digest[digest] for tag, digest in view.tags.items()}
        return self._reached

    def _needed(self) -> Set[str]:
        """Everything that a manifest of the repository names, those that it should serve and does not included."""
        manifests = dict(self._view.manifests)
        waiting = list(self._view.manifest_faults)
        while waiting:
            digest = waiting.pop()
            manifest = self._manifest_on_disk(digest) if digest not in manifests else None
            if manifest is not None:
                manifests[digest] = manifest
                waiting.extend(child.digest for child in manifest.children)
        return closure(manifests, manifests)

    def _manifest_on_disk(self, digest: str) -> Optional[Manifest]:
        try:
            found = self._blobs.examine(digest)
        except Blind:
            return None
        return found.manifest if found is not None and found.right else None


def _holds(path: str, link: OddLink) -> str:
    return f"{path} holds {link.holds}"
