# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From the facts of one repository to findings. Pure, and the same for both observers."""

from __future__ import annotations

from typing import Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from .findings import CRITICAL, INFO, WARNING, Finding
from .model import Manifest
from .reach import Edge, edges_below, subject_of_tag
from .view import CORRUPT, INVALID, MISSING, Fault, RepositoryView, fault_free

_MISSING_CODE = {
    "index": "child-missing",
    "manifest": "child-missing",
    "config": "config-missing",
    "layer": "layer-missing",
    "tag": "tag-dangling",
}


class _Damage(NamedTuple):
    """One damaged thing as one root sees it."""

    code: str
    digest: str
    parent: str
    platform: str
    role: str
    fault: Fault
    attestation: bool


def judge(view: RepositoryView) -> List[Finding]:
    """All findings of one repository; one for each (code, digest), naming every tag that it makes unpullable."""
    found = list(view.disk_findings)
    if fault_free(view) and not any(map(subject_of_tag, view.tags)):
        return found
    merged: Dict[Tuple[str, str, str], _Merged] = {}
    for root, tags in _roots(view):
        for damage in _damages(view, root, tags):
            key = (damage.code, damage.digest, damage.digest and damage.role)
            merged.setdefault(key, _Merged(damage)).add(damage, tags)
    for tag, fault in view.tag_faults.items():
        damage = _Damage("tag-dangling", view.tags.get(tag, ""), "", "", "tag", fault, False)
        merged.setdefault((damage.code, damage.digest, tag), _Merged(damage)).add(damage, (tag,))
    found.extend(entry.finding(view.name) for entry in merged.values())
    return found


def lost_subjects(view: RepositoryView) -> Set[str]:
    """What referrers of this repository are about and it does not serve, but for what ``view.elsewhere`` says already."""
    if not view.manifest_faults:
        return set()
    subjects = {manifest.subject.digest for manifest in view.manifests.values() if manifest.subject is not None}
    subjects.update(filter(None, map(subject_of_tag, view.tags)))
    return {digest for digest in subjects if _is_missing(view, digest)}


def repairs_for(code: str, state: str) -> Tuple[str, ...]:
    """The classes of repair that can help, cheapest first. What is possible in a given place is for the plan to find out."""
    if state == "stale-cache":
        return ("restart", "restore", "rebuild")
    if state == "unlinked":
        return ("relink",)
    if code == "manifest-invalid" or (code == "blob-truncated" and state == "invalid"):
        return ("repoint", "rebuild")
    if code in ("blob-truncated", "blob-corrupt"):
        return ("restore", "repoint", "rebuild")
    if state in ("invalid", "unknown"):  # invalid: a link that holds no digest, but its path tells which it was
        return ("relink", "restore", "repoint", "rebuild")
    return ("restore", "repoint", "rebuild")


def _roots(view: RepositoryView) -> Iterator[Tuple[str, Tuple[str, ...]]]:
    by_digest: Dict[str, List[str]] = {}
    for tag, digest in view.tags.items():
        if tag not in view.tag_faults:
            by_digest.setdefault(digest, []).append(tag)
    for tags, digest in sorted((tuple(sorted(tags)), digest) for digest, tags in by_digest.items()):
        yield digest, tags
    for digest in sorted(view.untagged):
        yield digest, ()


def _damages(view: RepositoryView, root: str, tags: Tuple[str, ...]) -> Iterator[_Damage]:
    fault = view.manifest_faults.get(root)
    if fault is not None:
        if tags:
            yield _root_damage(root, fault)
        return
    for edge in edges_below(root, view.manifests, view.referrers):
        damage = _edge_damage(view, edge)
        if damage is not None:
            yield damage
        yield from _dangling(view, edge.descriptor.digest, tags)
    yield from _dangling(view, root, tags)
    yield from _dangling_tags(view, root, tags)


def _root_damage(root: str, fault: Fault) -> _Damage:
    if fault.symptom == MISSING:
        return _Damage("tag-dangling", root, "", "", "tag", fault, False)
    code = "manifest-invalid" if fault.symptom == INVALID else "blob-corrupt"
    return _Damage(code, root, "", "", "manifest", fault, False)


def _edge_damage(view: RepositoryView, edge: Edge) -> Optional[_Damage]:
    descriptor = edge.descriptor
    faults = view.manifest_faults if edge.role in ("index", "manifest") else view.blob_faults
    fault = faults.get(descriptor.digest)
    if fault is None:
        size = view.sizes.get(descriptor.digest, descriptor.size)
        if size == descriptor.size:
            return None
        fault = Fault(CORRUPT, view.lie_state, f"{size} bytes, where its descriptor says {descriptor.size}", size)
    return _Damage(_code(edge, fault), descriptor.digest, edge.parent, edge.platform, edge.role, fault, edge.attestation)


def _code(edge: Edge, fault: Fault) -> str:
    if fault.symptom == MISSING:
        return _MISSING_CODE[edge.role]
    if fault.symptom == INVALID:
        return "manifest-invalid"
    if fault.size is not None and fault.size != edge.descriptor.size:
        return "blob-truncated"
    return "blob-corrupt"


def _dangling(view: RepositoryView, digest: str, tags: Tuple[str, ...]) -> Iterator[_Damage]:
    """A referrer whose subject cannot be fetched, unless the tag through which it was found already says so."""
    manifest: Optional[Manifest] = view.manifests.get(digest)
    if manifest is None or manifest.subject is None:
        return
    subject = manifest.subject.digest
    if _is_missing(view, subject) and subject not in map(subject_of_tag, tags):
        yield _referrer_damage(view, digest, subject)


def _dangling_tags(view: RepositoryView, root: str, tags: Tuple[str, ...]) -> Iterator[_Damage]:
    subjects: Set[Optional[str]] = set(map(subject_of_tag, tags))
    for subject in subjects:
        if subject is not None and _is_missing(view, subject):
            yield _referrer_damage(view, root, subject)


def _is_missing(view: RepositoryView, digest: str) -> bool:
    fault = view.manifest_faults.get(digest)
    return fault is not None and fault.symptom == MISSING and digest not in view.elsewhere


def _referrer_damage(view: RepositoryView, digest: str, subject: str) -> _Damage:
    fault = Fault(MISSING, view.manifest_faults[subject].state, f"its subject {subject} cannot be fetched")
    return _Damage("referrer-dangling", digest, "", "", "manifest", fault, True)


class _Merged:
    """One finding in the making: the same damage, seen from all the tags that it hits."""

    def __init__(self, first: _Damage) -> None:
        self.damage = first
        self.tags: Set[str] = set()
        self.severity = INFO

    def add(self, damage: _Damage, tags: Tuple[str, ...]) -> None:
        self.tags.update(tags)
        severity = _severity(damage, tags)
        worse = severity == CRITICAL and self.severity != CRITICAL
        if worse or (severity == self.severity and damage.platform and not self.damage.platform):
            self.damage = damage  # tell of the platform rather than of the attestation, and of one rather than of none
        self.severity = min(self.severity, severity, key=(CRITICAL, WARNING, INFO).index)

    def finding(self, repository: str) -> Finding:
        code, digest, parent, platform, role, fault, _attestation = self.damage
        tags = tuple(sorted(self.tags))
        detail = fault.detail if tags or code == "referrer-dangling" else f"no tag reaches it; {fault.detail}"
        repairs = repairs_for(code, fault.state)
        return Finding(code, self.severity, repository, tags, digest, parent, platform, role, fault.state, detail, repairs)


def _severity(damage: _Damage, tags: Tuple[str, ...]) -> str:
    if damage.code == "referrer-dangling":
        return WARNING
    if not tags:
        return INFO
    return WARNING if damage.attestation or all(map(subject_of_tag, tags)) else CRITICAL
