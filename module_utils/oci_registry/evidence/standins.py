# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Finds what a broken tag could point at instead: intact manifests of the same repository with the same content, or the one named.

Equal contents have equal configs, so none of them is newer by what its config says: on disk, the time at which its newest tag (or else
its own link) was written decides; over the API nothing tells that, and the last tag by name decides. What no tag names is seen on disk only.
"""

from __future__ import annotations

import contextlib
import os
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Dict, List, Optional, Tuple

from ..digest import is_digest
from ..errors import RegistryError, StoreUnreadable
from ..model import InvalidManifest, Manifest, parse_manifest
from ..plans.content import Content, contents_of, lost_platforms, same_content
from ..plans.facts import Evidence, Key, Node
from ..plans.standins import StandIn, StandIns
from ..reference import is_tag
from ..store import layout
from ..store.linkreader import LinkReader
from ..store.links import RepositoryLinks
from ..store.reader import Blind, Reader
from .disk import Unusable
from .observer import Place
from .whole import look_whole

_Look = Tuple[
    str, bool, Dict[Key, Node]
]  # what is wrong with a manifest, whether only that nobody could look, and all that was seen of it
_MOST_BROKEN = 3  # of those with the same content that are broken, too, so many are told of


class StandInFinder:
    """Looks at each repository once, and at each manifest of it. A cache is not asked: it takes its tags from upstream."""

    def __init__(self, place: Place, evidence: Evidence) -> None:
        self._place = place
        self._evidence = evidence
        self._others: Dict[str, List[StandIn]] = {}
        self._manifests: Dict[Key, Optional[Manifest]] = {}
        self._held: Dict[Key, Optional[List[Content]]] = {}
        self._looks: Dict[Key, _Look] = {}

    def like(self, repository: str, digest: str) -> StandIns:
        """Those with the same content as the manifest ``digest``, intact ones first."""
        wanted = self._contents(repository, digest)
        if not wanted:
            return StandIns(problem="what it holds is not known any more")
        try:
            others = [other for other in self._in(repository) if other.digest != digest]
            alike = [other for other in others if self._is_like(repository, other, wanted)]
            found, unasked = self._intact_first(repository, alike)
            return StandIns(found, len(others), "", unasked)
        except RegistryError as error:
            unasked = f"the other images could not be looked at: {error}"
            return StandIns(problem=unasked, unasked=unasked)

    def named(self, repository: str, digest: str, target: str) -> StandIn:
        """The manifest ``target`` (a digest or a tag), with what speaks against it as a stand-in for ``digest``."""
        found = target if is_digest(target) else self._digest_of(repository, target)
        if not found:
            return StandIn("", problem=f"there is no tag {target} in {repository}")
        made = self._checked(repository, StandIn(found, () if is_digest(target) else (target,)))
        old, new = self._contents(repository, digest), self._contents(repository, found)
        made.lost = tuple(lost_platforms(old or (), new or ()))
        return made

    # -- the other manifests of a repository

    def _in(self, repository: str) -> List[StandIn]:
        if repository not in self._others:
            found = self._on_disk(repository) if self._place.disk is not None else self._over_api(repository)
            self._others[repository] = sorted(found, key=_age, reverse=True)
        return self._others[repository]

    def _on_disk(self, repository: str) -> List[StandIn]:
        root = self._place.disk.root if self._place.disk is not None else ""
        links = _links_of(root, repository)
        found = {digest: StandIn(digest, (), _written(root, repository, digest)) for digest in links.revisions.sound}
        tags: Dict[str, List[str]] = {}
        for tag, digest in links.tags.items():
            tags.setdefault(digest, []).append(tag)
        for digest, names in tags.items():
            found[digest] = StandIn(digest, tuple(sorted(names)), max(links.pushed.get(tag, 0.0) for tag in names))
        return list(found.values())

    def _over_api(self, repository: str) -> List[StandIn]:
        tags: Dict[str, List[str]] = {}
        api = self._place.api
        names = [tag for tag in api.client.tags(repository) or () if is_tag(tag)] if api is not None else []
        with ThreadPoolExecutor(self._place.workers) as pool:
            for tag, fact in zip(names, pool.map(lambda tag: api.manifest(repository, tag) if api is not None else None, names)):
                if fact is not None and fact.content is not None:
                    self._keep(repository, fact.digest, fact.content)
                    tags.setdefault(fact.digest, []).append(tag)
        return [StandIn(digest, tuple(sorted(names))) for digest, names in tags.items()]

    def _digest_of(self, repository: str, tag: str) -> str:
        if self._place.disk is not None:
            return self._place.disk.tag(repository, tag).digest
        return self._place.api.manifest(repository, tag).digest if self._place.api is not None else ""

    # -- what they hold

    def _is_like(self, repository: str, other: StandIn, wanted: List[Content]) -> bool:
        """Children are only read where that can show anything."""
        contents = self._contents(repository, other.digest)
        return contents is not None and same_content(wanted, contents)

    def _contents(self, repository: str, digest: str) -> Optional[List[Content]]:
        key = (repository, digest)
        if key not in self._held:
            self._held[key] = contents_of(digest, partial(self._manifest, repository)) if digest else None
        return self._held[key]

    def _manifest(self, repository: str, digest: str) -> Optional[Manifest]:
        """A manifest, whether or not it is linked; None where its bytes are not to be had."""
        node = self._evidence.nodes.get((repository, digest))
        if node is not None and node.manifest is not None:
            return node.manifest
        key = (repository, digest)
        if key not in self._manifests:
            self._keep(repository, digest, self._read(repository, digest))
        return self._manifests[key]

    def _read(self, repository: str, digest: str) -> Optional[bytes]:
        if self._place.disk is not None:
            with contextlib.suppress(Unusable):  # of this one nothing is known, and the others may be well
                return self._place.disk.manifest(digest)
            return None
        return self._place.api.manifest(repository, digest).content if self._place.api is not None else None

    def _keep(self, repository: str, digest: str, content: Optional[bytes]) -> None:
        try:
            self._manifests[repository, digest] = parse_manifest(content) if content is not None else None
        except InvalidManifest:
            self._manifests[repository, digest] = None

    # -- whether they are intact

    def _intact_first(self, repository: str, alike: List[StandIn]) -> Tuple[List[StandIn], str]:
        """The newest intact one, and some of the broken ones before it: what they lack is evidence, too. And what could not be looked at."""
        broken: List[StandIn] = []
        for other in alike:
            made = self._checked(repository, other)
            if not made.problem:
                return [made, *broken[:_MOST_BROKEN]], ""
            broken.append(made)
        unasked = next((f"{made.digest}: {made.problem}" for made in broken if made.unasked), "")
        return broken[:_MOST_BROKEN], unasked

    def _checked(self, repository: str, other: StandIn) -> StandIn:
        key = (repository, other.digest)
        if key not in self._looks:
            self._looks[key] = self._look(repository, other.digest)
        other.problem, other.unasked, other.nodes = self._looks[key]
        return other

    def _look(self, repository: str, digest: str) -> _Look:
        try:
            whole = look_whole(self._place, repository, digest, before=self._evidence)
        except RegistryError as error:
            return f"it could not be looked at: {error}", True, {}
        return whole.problem or self._seen_broken(whole.evidence), False, whole.evidence.nodes

    def _seen_broken(self, found: Evidence) -> str:
        """What of it the evidence has as broken already: that counts, even where the second look was a lesser one."""
        for key, node in found.nodes.items():
            before = self._evidence.nodes.get(key)
            if before is not None and not before.sound and before.size in (None, node.size):
                return f"{node.role} {node.digest} was seen to be broken: {before.detail}"
        return ""


def _links_of(root: str, repository: str) -> RepositoryLinks:
    reader = Reader(root)
    try:
        start = reader.open_root()
        try:
            folder = reader.open_path(start, (*layout.BASE_PARTS, "repositories"), "")
        finally:
            os.close(start)
        if folder is None:
            return RepositoryLinks(repository)
        try:
            return LinkReader(reader, folder).read(repository)
        finally:
            os.close(folder)
    except Blind as problem:
        raise StoreUnreadable(str(problem)) from None


def _written(root: str, repository: str, digest: str) -> float:
    try:
        return os.lstat(os.path.join(root, layout.revision_link_path(repository, digest))).st_mtime
    except OSError:
        return 0.0


def _age(other: StandIn) -> Tuple[Any, ...]:
    """Sorts the newest last; of equal times the last tag by name, numbers in it by their value."""
    return other.written, bool(other.tags), _natural(other.tags[-1]) if other.tags else [], other.digest


def _natural(text: str) -> List[Tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", text) if part]
