# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Damage, done to a store on disk for real, and what each kind of it has to be reported as.

A kind is a choice of what to hit, an action on its files, and the finding that a scan with ``proof: content`` must report for it
(``docs/findings.md``). Files are replaced, never changed in place, so that hard-linked copies of a store stay whole.
"""

from __future__ import annotations

from typing import Callable, Dict, List, NamedTuple, Tuple

from . import actions
from .errors import LabError
from .graph import Node, nodes_of, users_of

Pick = Callable[[List[Node]], List[Node]]


class Kind(NamedTuple):
    """One kind of damage and the finding it must lead to."""

    pick: Pick
    act: actions.Action
    code: str
    role: str
    state: str
    spreads: bool = False  # hits a blob, so every repository that shares it
    proof: str = "sizes"  # the least that shows it: sizes or content
    link_invalid: bool = False  # the disk also shows link-invalid


class Damage(NamedTuple):
    """What was done, and what a scan must say of it."""

    kind: str
    repository: str
    digest: str  # as the finding names it: empty where the damage leaves nobody able to tell
    tags: Tuple[str, ...]  # of ``repository``, made unpullable
    path: str  # of the file that was removed or replaced
    affected: Dict[str, Tuple[str, ...]]  # every repository that is hit: its tags
    code: str
    role: str
    state: str
    severity: str
    proof: str
    link_invalid: bool


def candidates(kind: str, root: str, repository: str, tag: str) -> List[Node]:
    """What this kind of damage could hit in this tag, in the order in which the manifests name it; may be empty."""
    return list({node.digest: node for node in reversed(KINDS[kind].pick(nodes_of(root, repository, tag)))}.values())[::-1]


def damage(kind: str, root: str, repository: str, tag: str, which: int = 0) -> Damage:
    """Do it to the candidate number ``which`` (modulo their number); LabError where the tag has nothing of the sort."""
    chosen = KINDS[kind]
    found = candidates(kind, root, repository, tag)
    if not found:
        raise LabError(f"nothing here for damage of the kind {kind}", where=f"{repository}:{tag}")
    node = found[which % len(found)]
    users = users_of(root, node.digest)
    done = chosen.act(root, repository, tag, node.digest)
    affected = users if chosen.spreads else {repository: users[repository] if done.tags is None else done.tags}
    tags = affected[repository]
    return Damage(
        kind=kind,
        repository=repository,
        digest=node.digest if done.digest is None else done.digest,
        tags=tags,
        path=done.path,
        affected=affected,
        code=chosen.code,
        role=chosen.role,
        state=chosen.state,
        severity="info" if not tags else "warning" if node.attestation else "critical",
        proof=chosen.proof,
        link_invalid=chosen.link_invalid,
    )


def _tagged(nodes: List[Node]) -> List[Node]:
    return [node for node in nodes if not node.parent]


def _children(nodes: List[Node]) -> List[Node]:
    return [node for node in nodes if node.parent and node.role == "manifest" and not node.attestation]


def _bare_children(nodes: List[Node]) -> List[Node]:
    return [node for node in _children(nodes) if node.bare]


def _attestations(nodes: List[Node]) -> List[Node]:
    return [node for node in nodes if node.role == "manifest" and node.attestation]


def _configs(nodes: List[Node]) -> List[Node]:
    return [node for node in nodes if node.role == "config" and not node.attestation]


def _layers(nodes: List[Node]) -> List[Node]:
    return [node for node in nodes if node.role == "layer" and not node.attestation]


def _filled_layers(nodes: List[Node]) -> List[Node]:
    """Layers that have bytes to lose."""
    return [node for node in _layers(nodes) if node.size]


def _shared_layers(nodes: List[Node]) -> List[Node]:
    """Layers that more than one manifest of the tag names: two platforms on one base."""
    named = _layers(nodes)
    return [node for node in named if len({other.parent for other in named if other.digest == node.digest}) > 1]


_UNSERVED = ("child-missing", "manifest")
_DANGLING = ("tag-dangling", "tag")

#: The seventeen kinds of BASELINE.
BASELINE: Dict[str, Kind] = {
    "child-link-gone": Kind(_children, actions.remove_revision, *_UNSERVED, "unlinked"),
    "attestation-link-gone": Kind(_attestations, actions.remove_revision, *_UNSERVED, "unlinked"),
    "child-gone": Kind(_children, actions.remove_manifest, *_UNSERVED, "gone", spreads=True),
    "child-blob-gone": Kind(_children, actions.remove_blob, *_UNSERVED, "gone", spreads=True),
    "config-gone": Kind(_configs, actions.remove_blob, "config-missing", "config", "gone", spreads=True),
    "layer-gone": Kind(_layers, actions.remove_blob, "layer-missing", "layer", "gone", spreads=True),
    "layer-link-gone": Kind(_layers, actions.remove_layer_link, "layer-missing", "layer", "unlinked"),
    "shared-layer-gone": Kind(_shared_layers, actions.remove_blob, "layer-missing", "layer", "gone", spreads=True),
    "layer-emptied": Kind(_filled_layers, actions.empty_blob, "blob-truncated", "layer", "truncated", spreads=True),
    "child-halved": Kind(_children, actions.halve_blob, *_UNSERVED, "truncated", spreads=True),
    "layer-corrupt": Kind(
        _filled_layers, actions.corrupt_blob, "blob-corrupt", "layer", "corrupt", spreads=True, proof="content"
    ),
    "child-corrupt": Kind(_children, actions.change_digit, "blob-corrupt", "manifest", "corrupt", spreads=True),
    "tag-misdirected": Kind(_tagged, actions.misdirect_tag, *_DANGLING, "gone"),
    "tag-revision-gone": Kind(_tagged, actions.remove_revision, *_DANGLING, "unlinked"),
    "tag-link-empty": Kind(_tagged, actions.empty_tag, *_DANGLING, "invalid", link_invalid=True),
    "bare-child-link-gone": Kind(_bare_children, actions.remove_revision, *_UNSERVED, "unlinked"),
    "layer-link-empty": Kind(_layers, actions.empty_layer_link, "layer-missing", "layer", "invalid", link_invalid=True),
}

#: What else can happen to the files of a store.
FURTHER: Dict[str, Kind] = {
    "attestation-gone": Kind(_attestations, actions.remove_manifest, *_UNSERVED, "gone", spreads=True),
    "child-hollow": Kind(_children, actions.hollow_out, *_UNSERVED, "hollow"),
    "child-emptied": Kind(_children, actions.empty_blob, *_UNSERVED, "truncated", spreads=True),
    "child-link-empty": Kind(_children, actions.empty_revision, *_UNSERVED, "invalid", link_invalid=True),
    "config-link-gone": Kind(_configs, actions.remove_layer_link, "config-missing", "config", "unlinked"),
    "config-emptied": Kind(_configs, actions.empty_blob, "blob-truncated", "config", "truncated", spreads=True),
    "config-corrupt": Kind(_configs, actions.corrupt_blob, "blob-corrupt", "config", "corrupt", spreads=True, proof="content"),
    "layer-halved": Kind(_filled_layers, actions.halve_blob, "blob-truncated", "layer", "truncated", spreads=True),
    "layer-link-garbage": Kind(_layers, actions.spoil_layer_link, "layer-missing", "layer", "invalid", link_invalid=True),
    "layer-link-orphan": Kind(_tagged, actions.add_layer_link, "layer-link-orphan", "link", "gone"),
    "tag-manifest-gone": Kind(_tagged, actions.remove_blob, *_DANGLING, "gone", spreads=True),
    "tag-manifest-halved": Kind(_tagged, actions.halve_blob, *_DANGLING, "corrupt", spreads=True),
    "tag-manifest-corrupt": Kind(_tagged, actions.change_digit, "blob-corrupt", "manifest", "corrupt", spreads=True),
    "tag-link-garbage": Kind(_tagged, actions.spoil_tag, *_DANGLING, "invalid", link_invalid=True),
}

KINDS: Dict[str, Kind] = {**BASELINE, **FURTHER}
