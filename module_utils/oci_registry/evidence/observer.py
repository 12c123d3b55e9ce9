# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Gathers the evidence for a repair plan: follows every wanted tag and digest down to the last layer.

What a damaged manifest names is only known once its right bytes were found, be it in a source, so this goes step by step.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..errors import RegistryError
from ..model import MAX_DEPTH, Descriptor, InvalidManifest, Manifest, parse_manifest
from ..plans.facts import GONE, RIGHT, UNSEEN, WRONG, Evidence, Node, OrphanLink, TagFact
from ..reach import child_role, closure
from ..sources import Failure, Source
from .disk import DiskView
from .http import ApiView
from .wanted import Wanted


class Place(NamedTuple):
    """Where to look. ``is_cache``: the store is that of a pull-through cache.

    ``undelivered``: what sources promised and did not deliver, by (label, digest): they are not asked for that again.
    """

    disk: Optional[DiskView]
    api: Optional[ApiView]
    sources: Sequence[Source] = ()
    is_cache: bool = False
    workers: int = 8
    undelivered: Mapping[Tuple[str, str], Failure] = {}


def observe(place: Place, wanted: Wanted) -> Evidence:
    """Look at all that ``wanted`` names and needs. Raises a :class:`RegistryError` where the own disk or registry cannot be asked."""
    return _Observer(place, wanted).run()


class _Observer:
    def __init__(self, place: Place, wanted: Wanted) -> None:
        self._place = place
        self._wanted = wanted
        self._evidence = Evidence(place.disk is not None, place.api is not None, place.is_cache)
        self._waiting: List[Tuple[Node, int]] = []
        self._subjects = set(wanted.subjects)  # (repository, digest) of what referrers are about

    def run(self) -> Evidence:
        evidence = self._evidence
        evidence.waste |= self._wanted.waste
        evidence.suspects, evidence.damaged = self._wanted.suspects, self._wanted.damaged
        for (repository, tag), said in self._wanted.tags.items():
            self._look_at_tag(repository, tag, said)
        for (repository, digest), role in self._wanted.digests.items():
            self._look_at_digest(repository, digest, role)
        for repository, digest in self._wanted.orphans:
            evidence.orphans.append(self._orphan(repository, digest))
        with ThreadPoolExecutor(self._place.workers) as pool:
            self._look_at_waiting(pool)
            while self._expect_subjects():
                self._look_at_waiting(pool)
        self._spread_tags()
        return evidence

    def _look_at_waiting(self, pool: ThreadPoolExecutor) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            list(pool.map(self._look, [node for node, _depth in batch]))
            for node, depth in batch:
                self._follow(node, depth)

    def _expect_subjects(self) -> bool:
        """Look at what referrers are about, too, unless another repository needs it: there it belongs, and there it is mended."""
        needed = {digest for _repository, digest in self._evidence.nodes}
        subjects, self._subjects = self._subjects, set()
        for repository, digest in sorted(subjects):
            if digest not in needed or (repository, digest) in self._evidence.nodes:
                self._evidence.roots.setdefault((repository, digest), set())
                self._expect(Node(repository, digest, "manifest"), 0)
        return bool(self._waiting)

    # -- roots

    def _look_at_tag(self, repository: str, tag: str, said: str) -> None:
        fact = self._tag_fact(repository, tag, said)
        self._evidence.tags[repository, tag] = fact
        digest = fact.digest or (fact.history[0] if len(fact.history) == 1 else "")
        if digest:
            self._evidence.roots.setdefault((repository, digest), set()).add(tag)
            self._expect(Node(repository, digest, "manifest"), 0)

    def _tag_fact(self, repository: str, tag: str, said: str) -> TagFact:
        if self._place.disk is not None:
            return self._place.disk.tag(repository, tag)
        if self._place.api is None:
            return TagFact(repository, tag, said)
        answer = self._place.api.manifest(repository, tag)
        if answer.digest:
            return TagFact(repository, tag, answer.digest, RIGHT)
        detail = f"{answer.detail}, and does not tell what it points at"
        there = tag in (self._place.api.client.tags(repository) or ())
        return TagFact(repository, tag, said, UNSEEN if said else GONE, (), detail, there)

    def _look_at_digest(self, repository: str, digest: str, role: str) -> None:
        disk = self._place.disk
        if role not in ("index", "manifest", "config", "layer"):  # a link: the disk tells of what
            if disk is None:
                self._evidence.opaque_links.append((repository, digest))
                return
            role = "layer" if not disk.has_link(repository, digest, manifest=True) else "manifest"
        self._evidence.roots.setdefault((repository, digest), set())
        self._expect(Node(repository, digest, role), 0)

    def _orphan(self, repository: str, digest: str) -> OrphanLink:
        disk = self._place.disk
        if disk is None:
            return OrphanLink(repository, digest)
        link = RIGHT if disk.has_link(repository, digest, manifest=False) else GONE
        return OrphanLink(repository, digest, link, disk.look(repository, digest, manifest=False).file.state)

    # -- one node after the other

    def _expect(self, node: Node, depth: int) -> None:
        key = (node.repository, node.digest)
        if key not in self._evidence.nodes:
            self._evidence.nodes[key] = node
            self._waiting.append((node, depth))

    def _look(self, node: Node) -> None:
        if self._place.disk is not None:
            self._look_at_disk(node, self._place.disk)
        elif self._place.api is not None:
            self._ask(node, self._place.api)
        if node.is_manifest:
            self._find_content(node)
        elif not node.sound and node.disk != RIGHT and node.size is not None:
            node.sources = tuple([source.label for source in self._place.sources if self._has(source, node, node.size)])

    def _look_at_disk(self, node: Node, disk: DiskView) -> None:
        found = disk.look(node.repository, node.digest, manifest=node.is_manifest)
        node.disk, node.disk_size, node.detail = found.file
        node.link, node.stored = found.link, found.stored
        if self._place.api is not None and GONE in (node.disk, node.link):
            node.stale = self._place.api.claims(node.repository, node.digest, manifest=node.is_manifest)

    def _ask(self, node: Node, api: ApiView) -> None:
        if node.is_manifest:
            fact = api.manifest(node.repository, node.digest)
            self._take_content(node, fact.content, "registry")
        elif node.size is None or node.digest in self._wanted.suspects:
            fact = api.whole_blob(node.repository, node.digest)
        else:
            fact = api.blob(node.repository, node.digest, node.size)
        node.served, node.detail, node.stale = fact.state, fact.detail, fact.stale
        if node.served == GONE and node.digest in self._wanted.damaged:
            node.served = WRONG

    def _find_content(self, node: Node) -> None:
        if node.disk == RIGHT and self._place.disk is not None:
            self._take_content(node, self._place.disk.manifest(node.digest, node.stored), "disk")
            node.invalid = node.invalid if node.content is not None else "larger than any manifest may be"
        for source in self._place.sources:
            if node.content is not None or node.invalid:
                return
            self._take_content(node, self._manifest_from(source, node), source.label)

    def _take_content(self, node: Node, content: Optional[bytes], origin: str) -> None:
        if content is None:
            return
        node.content, node.content_from = content, origin
        try:
            node.manifest = parse_manifest(content)
        except InvalidManifest as error:
            node.invalid = str(error)
            return
        node.role = "index" if node.manifest.kind == "index" else "manifest"

    def _follow(self, node: Node, depth: int) -> None:
        manifest = node.manifest
        if manifest is None:
            return
        if depth >= MAX_DEPTH and manifest.children:
            node.manifest, node.invalid = None, f"nested deeper than {MAX_DEPTH} levels"
            return
        for child in manifest.children:
            self._expect(_below(node, child, child_role(child), child.platform or node.platform), depth + 1)
        for blob in manifest.blobs():
            self._expect(_below(node, blob, "config" if blob is manifest.config else "layer", node.platform), depth + 1)
        if manifest.subject is not None and (node.repository, node.digest) in self._wanted.referrers:
            self._subjects.add((node.repository, manifest.subject.digest))

    # -- sources: one that cannot be asked is as good as none, and the plan says so

    def _has(self, source: Source, node: Node, size: int) -> bool:
        failure = self._place.undelivered.get((source.label, node.digest))
        if failure is not None:
            if failure.lied:
                node.refused += (f"{source.label} {failure.why}",)
            else:
                self._evidence.source_problems[source.label] = failure.why
            return False
        try:
            return source.has_blob(node.repository, node.digest, size)
        except RegistryError as error:
            self._evidence.source_problems[source.label] = str(error)
            return False

    def _manifest_from(self, source: Source, node: Node) -> Optional[bytes]:
        try:
            return source.manifest(node.repository, node.digest)
        except RegistryError as error:
            self._evidence.source_problems[source.label] = str(error)
            return None

    def _spread_tags(self) -> None:
        """Tell every node which tags need it."""
        manifests: Dict[str, Dict[str, Manifest]] = {}
        for (repository, digest), node in self._evidence.nodes.items():
            known = manifests.setdefault(repository, {})
            if node.manifest is not None:
                known[digest] = node.manifest
        for (repository, root), tags in self._evidence.roots.items():
            for digest in closure([root], manifests[repository]):
                self._evidence.nodes[repository, digest].tags |= tags


def _below(parent: Node, descriptor: Descriptor, role: str, platform: str) -> Node:
    return Node(parent.repository, descriptor.digest, role, parent.digest, platform, descriptor.size)
