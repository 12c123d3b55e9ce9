# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From evidence to a repair plan: leaves first, then what names them, then tags; each thing once, each with its reason. Pure.

Two rules carry it. A registry never replaces a file that exists, so a damaged file is only ever replaced on disk. And a registry
takes a manifest only if everything that it names is there, so one that will stay incomplete is only ever linked on disk.
"""

from __future__ import annotations

from typing import Collection, Dict, Set

from . import steps
from .draft import Draft, origin_of
from .facts import GONE, RIGHT, UNSEEN, WRONG, Evidence, Key, Node, OrphanLink, TagFact
from .steps import Plan

_NO_PUSH_REPLACES = "a push never replaces a file that exists: only on disk can a damaged file be replaced"
REPLACED_ON_DISK = "files are replaced on disk, and it may answer from its cache of the old ones"
_REPLACED = "the damaged file is kept in the quarantine"


def plan_repair(evidence: Evidence, approve: Collection[str] = ()) -> Plan:
    """The plan for everything that ``evidence`` is about; ``approve`` names actions (``steps.APPROVABLE``) that may be taken."""
    return _Planner(evidence, approve).plan()


class _Planner:
    def __init__(self, evidence: Evidence, approve: Collection[str]) -> None:
        self._evidence = evidence
        self._draft = Draft(approve)
        self._sound: Dict[Key, bool] = {}  # what was planned for: whether it will be sound with all that it needs
        self._tags: Set[Key] = set()  # what was planned for
        self._written: Set[str] = set()  # digests whose bytes a step puts on disk
        self._moved: Set[str] = set()  # digests whose damaged file a step moves aside

    def plan(self) -> Plan:
        evidence, plan = self._evidence, self._draft.plan
        if evidence.stale:
            plan.restart("before", "the running registry answers from a cache that the disk contradicts")
        for key, tags in evidence.roots.items():
            self._ensure(key)
            for tag in sorted(tags):
                self._ensure_tag(evidence.tags[key[0], tag])
        for tag_fact in evidence.tags.values():
            self._ensure_tag(tag_fact)
        for repository, digest in evidence.opaque_links:
            if (repository, digest) not in evidence.nodes:
                self._draft.remain_without_path(Node(repository, digest, "link"), "only the disk tells what this link serves")
        for orphan in evidence.orphans:
            self._remove_orphan(orphan)
        if any(step.detail == _REPLACED or step.action == steps.QUARANTINE for step in plan.changes):
            plan.restart("after", REPLACED_ON_DISK)
        return plan

    # -- manifests and blobs: True if it will be sound with all that it needs

    def _ensure(self, key: Key) -> bool:
        if key not in self._sound:
            self._sound[key] = False  # no manifest contains its own digest; this only stops made-up evidence
            self._sound[key] = self._ensure_node(self._evidence.nodes[key])
        return self._sound[key]

    def _ensure_node(self, node: Node) -> bool:
        if self._evidence.is_cache and node.disk != WRONG and GONE in (node.disk, node.link):
            self._draft.skip(node, "a pull-through cache fetches it when it is asked for")
            return True
        return self._ensure_manifest(node) if node.is_manifest else self._ensure_blob(node)

    def _ensure_manifest(self, node: Node) -> bool:
        if node.manifest is None:
            return self._opaque(node)
        there = [self._ensure((node.repository, item.digest)) for item in node.manifest.references()]
        complete = all(there)
        if node.sound or complete or (node.role == "index" and any(there)):
            return self._mend(node, complete) and complete
        self._draft.remain(node, "something that it needs cannot be had")
        return False

    def _opaque(self, node: Node) -> bool:
        """A manifest that names nothing known: its right bytes are not to be had, or are of no known kind."""
        if node.invalid:
            self._draft.remain(node, f"its bytes are right, but {node.invalid}")
        else:
            self._lost(node)
        return False

    def _ensure_blob(self, node: Node) -> bool:
        if node.lies:
            self._draft.remain(node, f"it has {node.disk_size} bytes, all of them right; its descriptor says {node.size}")
            return False
        return self._mend(node, True)

    def _mend(self, node: Node, complete: bool) -> bool:
        """Bytes first, then the link that serves them."""
        if node.sound:
            what = "its bytes and its link are right" if node.disk == RIGHT else "the registry serves its right bytes"
            self._draft.skip(node, what)
            return True
        return self._mend_unseen(node, complete) if node.disk == UNSEEN else self._mend_on_disk(node, complete)

    def _mend_unseen(self, node: Node, complete: bool) -> bool:
        """The API alone: an upload writes bytes and link, unless a damaged file is in its way."""
        if node.served == WRONG:
            self._draft.remain_without_path(node, f"{node.detail}; {_NO_PUSH_REPLACES}")
        elif not complete:
            self._draft.remain_without_path(node, "a registry takes no manifest that stays incomplete")
        elif not origin_of(node):
            self._lost(node)
        else:
            self._draft.restore(node, steps.API)
            return True
        return False

    def _mend_on_disk(self, node: Node, complete: bool) -> bool:
        way = self._way(node, complete)
        arrives = node.digest in self._written
        if node.disk != RIGHT and not arrives:
            if not origin_of(node):
                self._lost(node)
                return False
            self._written.add(node.digest)
            damaged = node.disk == WRONG
            self._draft.restore(node, steps.DISK if damaged else way, _REPLACED if damaged else "")
            if way == steps.API and not damaged:
                return True  # an upload links what it writes
        if node.link != RIGHT:
            what = "the link that serves it is gone" if node.link == GONE else "the link that serves it holds something else"
            # over the API a blob's link would cost an upload of the whole blob
            self._draft.relink(node, way if node.is_manifest else steps.DISK, f"{what}; its bytes are on disk")
        elif arrives:
            self._draft.arrive(node, "its link is right, and its bytes come with a step above")
        return True

    def _way(self, node: Node, complete: bool) -> str:
        """The API where it can work: not for what stays incomplete, and not for a cache, which takes no pushes."""
        works = self._evidence.has_api and complete and not self._evidence.is_cache and not _refused_by_api(node)
        return steps.API if works else steps.DISK

    def _lost(self, node: Node) -> None:
        """Its right bytes are nowhere. A damaged file can at least be moved out of the way of whoever brings them again."""
        first = node.disk == WRONG and node.digest not in self._moved
        if first:
            self._moved.add(node.digest)
        if self._evidence.is_cache and node.disk == WRONG:
            if first:
                why = f"{node.detail}; once it is moved aside, the cache fetches it again"
                self._draft.quarantine(node, why, heals=True)
            return
        unasked = [f"{label} could not be asked: {why}" for label, why in self._evidence.source_problems.items()]
        told = "; ".join([*node.refused, *unasked])
        self._draft.remain(
            node, f"{node.detail}, and no source has its bytes{self._pointed_before(node)}" + (f" ({told})" if told else "")
        )
        if first:
            self._draft.quarantine(node, "while the damaged file is there, neither a push nor a rebuild replaces it", heals=False)

    def _pointed_before(self, node: Node) -> str:
        """What the history of a tag says that it pointed at, where that is something else than what is lost."""
        for tag in self._evidence.tags.values():
            if (
                (tag.repository, tag.digest) == (node.repository, node.digest)
                and len(tag.history) == 1
                and tag.history[0] != tag.digest
            ):
                return f"; tag {tag.tag} was only ever pushed as {tag.history[0]}"
        return ""

    # -- tags and orphans

    def _ensure_tag(self, tag: TagFact) -> None:
        if tag.digest or (tag.repository, tag.tag) in self._tags:
            return
        self._tags.add((tag.repository, tag.tag))
        node = self._evidence.nodes.get((tag.repository, tag.history[0])) if len(tag.history) == 1 else None
        if node is None:
            many = "its history names more than one digest" if len(tag.history) > 1 else "nothing tells what it pointed at"
            self._draft.remain_tags(tag.repository, "", "tag", (tag.tag,), "invalid", f"{tag.detail}; {many}")
        elif not (node.sound or (tag.repository, node.digest) in self._draft.plan.fixed):
            why = f"{tag.detail}, and what it pointed at cannot be had"
            self._draft.remain_tags(tag.repository, node.digest, "tag", (tag.tag,), "invalid", why)
        else:
            way = self._way(node, self._sound[tag.repository, node.digest])
            self._draft.link_tag(node, tag.tag, way, f"{tag.detail}; its history names only this digest")

    def _remove_orphan(self, orphan: OrphanLink) -> None:
        node = Node(orphan.repository, orphan.digest, "link")
        if orphan.disk == UNSEEN:
            self._draft.remain_without_path(node, "only on disk can a link be removed", steps.REMOVE_LINK)
        elif orphan.link == GONE:
            self._draft.remove_link(node, "there is no such link", skipped=True)
        elif orphan.disk != GONE or orphan.digest in self._written:
            self._draft.remove_link(node, "its bytes are there: it is no orphan", skipped=True)
        else:
            self._draft.remove_link(node, "it leads to a blob that is gone", skipped=False)


def _refused_by_api(node: Node) -> bool:
    """Whether a registry would not take it over the API: schema 1, or a digest other than the sha256 that it computes itself."""
    legacy = node.manifest is not None and node.manifest.kind == "legacy"
    return node.is_manifest and (legacy or not node.digest.startswith("sha256:"))
