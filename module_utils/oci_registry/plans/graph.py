# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The graph of the images that were looked at, for a picture: plain data. Pure."""

from __future__ import annotations

from typing import Any, Dict, List

from . import steps
from .facts import GONE, Evidence, Key, Node
from .outlook import fault_of, is_whole
from .steps import Plan

MAX_NODES = 5000
_MENDS = (steps.RELINK, steps.RESTORE, steps.QUARANTINE)


def graph_of(evidence: Evidence, plan: Plan, limit: int = MAX_NODES) -> Dict[str, Any]:
    """``nodes`` (what is not right first where there are more than ``limit``), and a ``note`` of what was left out."""
    mended, elsewhere = _mended(plan), _elsewhere(plan)
    nodes = [_record(evidence, node, mended, elsewhere) for node in evidence.nodes.values()]
    note = ""
    if len(nodes) > limit:
        note = f"{len(nodes) - limit} of {len(nodes)} nodes were left out, those that are right first"
        nodes = sorted(nodes, key=lambda node: bool(node["state"] == "right"))[:limit]
    return {"nodes": nodes, "note": note}


def _mended(plan: Plan) -> Dict[Key, str]:
    """What repairs each thing: bytes before the link that comes with them."""
    found: Dict[Key, str] = {}
    for step in plan.steps:
        if step.action in _MENDS and step.state in (steps.PLANNED, steps.DONE):
            found.setdefault(step.key, step.action)
    return found


def _elsewhere(plan: Plan) -> Dict[Key, str]:
    """Tag: what takes it away from what is broken."""
    chosen = [step for step in plan.steps if step.action in (steps.REPOINT, steps.DELETE)]
    done = [step for step in chosen if step.state in (steps.PLANNED, steps.DONE)]
    return {(step.repository, tag): step.action for step in done for tag in step.tags}


def _record(evidence: Evidence, node: Node, mended: Dict[Key, str], elsewhere: Dict[Key, str]) -> Dict[str, Any]:
    state = _state(evidence, node)
    actions: List[str] = []
    if state != "right":
        own = mended.get((node.repository, node.digest))
        others = [elsewhere.get((node.repository, tag), "") for tag in sorted(node.tags)]
        actions = [own] if own else others if all(others) else []
    return {
        "repository": node.repository,
        "digest": node.digest,
        "role": node.role,
        "parent": node.parent,
        "platform": node.platform,
        "size": _size(node),
        "tags": sorted(node.tags),
        "state": state,
        "repaired_by": actions[0] if actions else "",
    }


def _size(node: Node) -> int:
    """Bytes, as its descriptor says, else as they were seen; -1 where nothing tells."""
    if node.size is not None:
        return node.size
    return len(node.content) if node.content is not None else -1 if node.disk_size is None else node.disk_size


def _state(evidence: Evidence, node: Node) -> str:
    if evidence.is_cache and GONE in (node.disk, node.link):
        return "partial"
    if node.lies or node.invalid:
        return "invalid"
    return "right" if node.sound else fault_of(node, is_whole(evidence, node)).state
