# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From evidence to a repair plan: leaves first, then what names them, then tags; each thing once, each with its reason. Pure.

Two rules carry it. A registry never replaces a file that exists, so a damaged file is only ever replaced on disk. And a registry
takes a manifest only if everything that it names is there, so one that will stay incomplete is only ever linked on disk.
"""

from __future__ import annotations

from typing import Collection, Dict, Sequence, Set

from . import steps
from .facts import GONE, RIGHT, UNSEEN, WRONG, Evidence, Key, Node, OrphanLink, TagFact
from .steps import Plan, Step

_NO_ONE_REPLACES = "a push never replaces a file that exists: only on disk can a damaged file be replaced"
_NEEDS_PATH = "run on the registry's host with path, the rootdirectory of its store"
_REPLACED = "the damaged file is kept in the quarantine"


def plan_repair(evidence: Evidence, approve: Collection[str] = ()) -> Plan:
    """The plan for everything that ``evidence`` is about; ``approve`` names actions (``steps.APPROVABLE``) that may be taken."""
    return _Planner(evidence, approve).plan()


class _Planner:
    def __init__(self, evidence: Evidence, approve: Collection[str]) -> None:
        self._evidence = evidence
        self._approve = approve
        self._plan = Plan()
        self._sound: Dict[Key, bool] = {}  # what was planned for: whether it will be sound with all that it needs
        self._written: Set[str] = set()  # digests whose bytes a step puts on disk
        self._moved: Set[str] = set()  # digests whose damaged file a step moves aside

    def plan(self) -> Plan:
        evidence = self._evidence
        if evidence.stale:
            self._restart("the running registry answers from a cache that the disk contradicts: restart it first")
        for key in evidence.roots:
            self._ensure(key)
        for tag in evidence.tags.values():
            self._ensure_tag(tag)
        for repository, digest in evidence.opaque_links:
            if (repository, digest) not in evidence.nodes:
                self._remain(Node(repository, digest, "link"), "only the disk tells what this link serves", advice=_NEEDS_PATH)
        for orphan in evidence.orphans:
            self._remove_orphan(orphan)
        if any(step.detail == _REPLACED or step.action == steps.QUARANTINE for step in self._plan.changes):
            self._restart("files are replaced on disk: restart it afterwards, since it may answer from its cache of the old ones")
        return self._plan

    # -- manifests and blobs: True if it will be sound with all that it needs

    def _ensure(self, key: Key) -> bool:
        if key not in self._sound:
            self._sound[key] = False  # no manifest contains its own digest; this only stops made-up evidence
            node = self._evidence.nodes[key]
            self._sound[key] = self._ensure_manifest(node) if node.is_manifest else self._ensure_blob(node)
        return self._sound[key]

    def _ensure_manifest(self, node: Node) -> bool:
        if node.manifest is None:
            return self._opaque(node)
        needed = [child.digest for child in node.manifest.children] + [blob.digest for blob in node.manifest.blobs()]
        there = [self._ensure((node.repository, digest)) for digest in needed]
        complete = all(there)
        if node.sound or complete or (node.role == "index" and any(there)):
            return self._mend(node, complete) and complete
        self._remain(node, "something that it needs cannot be had")
        return False

    def _opaque(self, node: Node) -> bool:
        """A manifest that names nothing known: its right bytes are not to be had, or are of no known kind."""
        if node.invalid:
            self._remain(node, f"its bytes are right, but {node.invalid}")
        else:
            self._lost(node)
        return False

    def _ensure_blob(self, node: Node) -> bool:
        if node.lies:
            self._remain(node, f"it has {node.disk_size} bytes, all of them right; its descriptor says {node.size}")
            return False
        return self._mend(node, True)

    def _mend(self, node: Node, complete: bool) -> bool:
        """Bytes first, then the link that serves them."""
        if node.sound:
            self._skip(node, "its bytes and its link are right" if node.disk == RIGHT else "the registry serves its right bytes")
            return True
        return self._mend_unseen(node, complete) if node.disk == UNSEEN else self._mend_on_disk(node, complete)

    def _mend_unseen(self, node: Node, complete: bool) -> bool:
        """The API alone: an upload writes bytes and link, unless a damaged file is in its way."""
        if node.served == WRONG:
            self._remain(node, f"{node.detail}; {_NO_ONE_REPLACES}", advice=_NEEDS_PATH)
        elif not complete:
            self._remain(node, "a registry takes no manifest that stays incomplete", advice=_NEEDS_PATH)
        elif not _origin(node):
            self._lost(node)
        else:
            self._fix(node, steps.RESTORE, steps.API, f"{node.detail}; {_origin(node)} has its bytes")
            return True
        return False

    def _mend_on_disk(self, node: Node, complete: bool) -> bool:
        way = steps.API if self._evidence.has_api and complete and not _refused_by_api(node) else steps.DISK
        arrives = node.digest in self._written
        if node.disk != RIGHT and not arrives:
            if not _origin(node):
                self._lost(node)
                return False
            self._written.add(node.digest)
            damaged = node.disk == WRONG
            reason = f"{node.detail}; {_origin(node)} has its bytes"
            self._fix(node, steps.RESTORE, steps.DISK if damaged else way, reason, _REPLACED if damaged else "")
            if way == steps.API and not damaged:
                return True  # an upload links what it writes
        if node.link != RIGHT:
            way = way if node.is_manifest else steps.DISK  # over the API a blob's link would cost an upload
            what = "the link that serves it is gone" if node.link == GONE else "the link that serves it holds something else"
            self._fix(node, steps.RELINK, way, f"{what}; its bytes are on disk")
        elif arrives:
            self._plan.fixed.add((node.repository, node.digest))
            self._skip(node, "its link is right, and its bytes come with a step above")
        return True

    # -- tags and orphans

    def _ensure_tag(self, tag: TagFact) -> None:
        if tag.digest:
            return
        node = self._evidence.nodes.get((tag.repository, tag.history[0])) if len(tag.history) == 1 else None
        if node is None:
            many = "its history names more than one digest" if len(tag.history) > 1 else "nothing tells what it pointed at"
            self._remain_step(tag.repository, "", "tag", (tag.tag,), "invalid", f"{tag.detail}; {many}")
        elif not (node.sound or (tag.repository, node.digest) in self._plan.fixed):
            self._remain_step(
                tag.repository, node.digest, "tag", (tag.tag,), "invalid", f"{tag.detail}, and so is what it pointed at"
            )
        else:
            complete = self._sound[tag.repository, node.digest]
            way = steps.API if self._evidence.has_api and complete and not _refused_by_api(node) else steps.DISK
            reason = f"{tag.detail}; its history names only this digest"
            step = Step(steps.LINK_TAG, tag.repository, node.digest, "tag", reason, (tag.tag,), way)
            self._plan.steps.append(step)
            self._plan.fixed_tags.add((tag.repository, tag.tag))

    def _remove_orphan(self, orphan: OrphanLink) -> None:
        step = Step(steps.REMOVE_LINK, orphan.repository, orphan.digest, "link", "", (), steps.DISK, needs_approval=True)
        self._plan.steps.append(step)
        if orphan.disk == UNSEEN:
            step.state, step.reason, step.detail = steps.REMAINING, "only on disk can a link be removed", _NEEDS_PATH
            self._note(step.repository, step.digest, step.role, (), "gone", f"{step.reason}: {step.detail}", (step.action,))
        elif orphan.link == GONE:
            step.state, step.reason = steps.SKIPPED, "there is no such link"
        elif orphan.disk != GONE or orphan.digest in self._written:
            step.state, step.reason = steps.SKIPPED, "its bytes are there: it is no orphan"
        else:
            step.reason = "it leads to a blob that is gone"
            self._ask_approval(step)

    # -- what ends up in the plan

    def _fix(self, node: Node, action: str, way: str, reason: str, detail: str = "") -> None:
        cost = steps.FREE if action == steps.RELINK else steps.COPY
        source = _origin(node) if action == steps.RESTORE else ""
        step = Step(action, node.repository, node.digest, node.role, reason, _tags(node), way, cost, detail=detail, source=source)
        self._plan.steps.append(step)
        self._plan.fixed.add(step.key)

    def _skip(self, node: Node, reason: str) -> None:
        step = Step(
            steps.RELINK, node.repository, node.digest, node.role, reason, _tags(node), steps.OPERATOR, state=steps.SKIPPED
        )
        self._plan.steps.append(step)

    def _restart(self, reason: str) -> None:
        self._plan.restart_required = True
        self._plan.steps.append(Step(steps.RESTART, "", "", "", reason, state=steps.REMAINING))

    def _lost(self, node: Node) -> None:
        """Its right bytes are nowhere. A damaged file can at least be moved out of the way of whoever builds it again."""
        reason = f"{node.detail}, and no source has its bytes"
        unasked = "; ".join(f"{label} could not be asked: {why}" for label, why in self._evidence.source_problems.items())
        self._remain(node, f"{reason} ({unasked})" if unasked else reason)
        if node.disk == WRONG and node.digest not in self._moved:
            self._moved.add(node.digest)
            why = "as long as the damaged file is there, neither a push nor a rebuild replaces it"
            step = Step(
                steps.QUARANTINE, node.repository, node.digest, node.role, why, _tags(node), steps.DISK, needs_approval=True
            )
            self._plan.steps.append(step)
            self._ask_approval(step)

    def _ask_approval(self, step: Step) -> None:
        if step.action in self._approve:
            return
        step.state = steps.REMAINING
        step.detail = f"needs approve: [{step.action}]"
        if step.action == steps.REMOVE_LINK:
            self._note(step.repository, step.digest, step.role, step.tags, "gone", step.reason, (step.action,))

    def _remain(self, node: Node, why: str, *, advice: str = "") -> None:
        if advice:
            step = Step(
                steps.RESTORE, node.repository, node.digest, node.role, why, _tags(node), cost=steps.COPY, state=steps.REMAINING
            )
            step.detail = advice
            self._plan.steps.append(step)
            self._note(node.repository, node.digest, node.role, step.tags, _state(node), f"{why}: {advice}", (steps.RESTORE,))
        else:
            self._remain_step(node.repository, node.digest, node.role, _tags(node), _state(node), why)

    def _remain_step(self, repository: str, digest: str, role: str, tags: Sequence[str], state: str, why: str) -> None:
        step = Step(steps.REPOINT, repository, digest, role, why, tuple(tags), cost=steps.BUILD, needs_approval=True)
        step.state = steps.REMAINING
        self._plan.steps.append(step)
        self._note(repository, digest, role, tags, state, why, (steps.REPOINT, steps.REBUILD))

    def _note(
        self, repository: str, digest: str, role: str, tags: Sequence[str], state: str, why: str, after: Sequence[str]
    ) -> None:
        record = {"repository": repository, "tags": list(tags), "digest": digest, "role": role, "state": state, "why": why}
        self._plan.remaining.append(dict(record, next=list(after)))


def _origin(node: Node) -> str:
    """Where the right bytes can come from, other than the own disk; empty where there is no such place."""
    if node.is_manifest:
        return node.content_from if node.content is not None else ""
    return node.sources[0] if node.sources else ""


def _refused_by_api(node: Node) -> bool:
    """Whether a registry would not take it over the API: schema 1, or a digest other than the sha256 that it computes itself."""
    return node.is_manifest and (
        not node.digest.startswith("sha256:") or (node.manifest is not None and node.manifest.kind == "legacy")
    )


def _state(node: Node) -> str:
    """The finding's state for a thing that remains broken."""
    if node.invalid or node.lies:
        return "invalid"
    if node.disk == UNSEEN:
        return "stale-cache" if node.stale else "unknown"
    if node.disk == WRONG:
        return "corrupt" if node.size is not None and node.disk_size == node.size else "truncated"
    return "gone" if node.disk == GONE else "hollow"


def _tags(node: Node) -> tuple[str, ...]:
    return tuple(sorted(node.tags))
