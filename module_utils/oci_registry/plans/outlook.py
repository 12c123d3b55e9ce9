# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Findings as they are, and as they will be once a plan was carried out: both from the same evidence, by the judge of all observers."""

from __future__ import annotations

from typing import AbstractSet, Dict, List

from ..findings import Finding, as_dicts
from ..judge import judge
from ..view import CORRUPT, INVALID, MISSING, Fault, RepositoryView
from .facts import GONE, RIGHT, UNSEEN, WRONG, Evidence, Key, Node
from .steps import Plan

_NOTHING: AbstractSet[Key] = frozenset()


def before_and_after(evidence: Evidence, plan: Plan) -> tuple[List[Dict[str, object]], List[Dict[str, object]]]:
    """Findings of the evidence, and what remains of them once every step of ``plan`` is done."""
    return _findings(evidence, _NOTHING, _NOTHING), _findings(evidence, plan.fixed, plan.fixed_tags)


def _findings(evidence: Evidence, fixed: AbstractSet[Key], fixed_tags: AbstractSet[Key]) -> List[Dict[str, object]]:
    views: Dict[str, RepositoryView] = {}
    for node in evidence.nodes.values():
        view = views.setdefault(node.repository, RepositoryView(node.repository, lie_state="invalid"))
        if not (evidence.is_cache and GONE in (node.disk, node.link)):
            _add_node(view, node, (node.repository, node.digest) in fixed, is_whole(evidence, node))
    for key, tag in evidence.tags.items():
        view = views.setdefault(tag.repository, RepositoryView(tag.repository, lie_state="invalid"))
        view.tags[tag.tag] = tag.digest or (tag.history[0] if len(tag.history) == 1 else "")
        if not tag.digest and key not in fixed_tags:
            view.tag_faults[tag.tag] = Fault(MISSING, "invalid" if evidence.has_disk else "unknown", tag.detail)
    for (repository, digest), tags in evidence.roots.items():
        if not tags and evidence.nodes[repository, digest].is_manifest:
            views[repository].untagged.add(digest)
    found: List[Finding] = []
    for view in views.values():
        found.extend(judge(view))
    return as_dicts(found)


def is_whole(evidence: Evidence, node: Node) -> bool:
    """Whether the disk has the right bytes of everything that it names."""
    if node.manifest is None:
        return True
    return all(evidence.nodes[node.repository, item.digest].disk == RIGHT for item in node.manifest.references())


def _add_node(view: RepositoryView, node: Node, fixed: bool, whole: bool) -> None:
    if node.sound or fixed:
        size = node.disk_size if node.disk == RIGHT else len(node.content) if node.content is not None else node.size
        if size is not None:
            view.sizes[node.digest] = size
        if node.invalid:
            view.manifest_faults[node.digest] = Fault(INVALID, "invalid", node.invalid)
        elif node.manifest is not None and node.manifest.kind != "legacy":
            view.manifests[node.digest] = node.manifest
        return
    faults = view.manifest_faults if node.is_manifest else view.blob_faults
    faults[node.digest] = fault_of(node, whole)


def fault_of(node: Node, whole: bool) -> Fault:
    """What is wrong with a node that is not sound; ``whole``: the disk has all that it names."""
    if node.disk == UNSEEN:
        state = "stale-cache" if node.stale else "unknown"
        return Fault(CORRUPT if node.served == WRONG else MISSING, state, node.detail)
    if node.disk == WRONG:
        same = node.size is not None and node.disk_size == node.size
        return Fault(CORRUPT, "corrupt" if same else "truncated", node.detail, node.disk_size)
    if node.disk == GONE:
        return Fault(MISSING, "gone", node.detail)
    state = "invalid" if node.link == WRONG else "unlinked" if whole else "hollow"
    return Fault(MISSING, state, "its bytes are on disk; the link that serves it is not right")
