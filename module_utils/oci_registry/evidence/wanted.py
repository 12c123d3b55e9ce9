# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a repair was asked to look at, from findings or from image references. Pure; every name is checked before it is used."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Sequence, Set

from ..digest import is_digest
from ..errors import BadInput
from ..findings import INFO
from ..plans.facts import Key
from ..reach import subject_of_tag
from ..reference import is_repository, is_tag, parse_reference

_NEEDED = ("code", "repository", "tags", "digest", "parent", "role")


@dataclass
class Wanted:
    """Tags and digests to look at with all that they need."""

    tags: Dict[Key, str] = field(default_factory=dict)  # (repository, tag): the digest that it is said to point at, maybe ""
    digests: Dict[Key, str] = field(default_factory=dict)  # (repository, digest): its role, "link" where nobody said
    referrers: Set[Key] = field(default_factory=set)  # (repository, digest) of manifests whose subject is wanted, too
    subjects: Set[Key] = field(default_factory=set)  # (repository, digest) of what a referrer's tag says that it is about
    waste: Set[Key] = field(default_factory=set)  # (repository, digest) of what no tag reaches: mended in passing, and no loss
    orphans: List[Key] = field(default_factory=list)  # (repository, digest) of layer links
    suspects: Set[str] = field(default_factory=set)  # digests of which every byte must be looked at
    elsewhere: int = 0  # findings left out, since they are of another store
    damaged: Set[str] = field(default_factory=set)  # digests whose file was seen to be there and damaged


def from_images(images: Sequence[str], registry: str) -> Wanted:
    """``[registry/]repository[:tag][@digest]`` each. Raises :class:`BadInput` for one that is none, or of another registry."""
    wanted = Wanted()
    for image in images:
        reference = parse_reference(image, registry)
        if reference.registry not in ("", registry):
            raise BadInput(
                f"{image[:300]} is not of registry {registry or '(none given)'}", advice="Call the module once for each registry"
            )
        if reference.digest:
            wanted.digests[reference.repository, reference.digest] = "manifest"
        else:
            wanted.tags[reference.repository, reference.target] = ""
    return wanted


def from_findings(findings: Sequence[Mapping[str, Any]], root: str = "") -> Wanted:
    """Findings as the info modules return them. Those of another store than ``root`` are left out.

    Raises :class:`BadInput` for a record that is no finding.
    """
    wanted = Wanted()
    for number, finding in enumerate(findings):
        _check(finding, f"findings[{number}]")
        if _elsewhere(finding, root):
            wanted.elsewhere += 1
        else:
            _add(wanted, finding)
    return wanted


def _add(wanted: Wanted, finding: Mapping[str, Any]) -> None:
    repository, digest, code = finding["repository"], finding["digest"], finding["code"]
    if code == "layer-link-orphan":
        wanted.orphans.append((repository, digest))
        return
    for tag in finding["tags"]:
        if tag.startswith("@"):
            wanted.digests.setdefault((repository, tag[1:]), "manifest")
        else:
            said = digest if code == "tag-dangling" else ""
            wanted.tags[repository, tag] = wanted.tags.get((repository, tag)) or said
    if not finding["tags"] and (finding["parent"] or digest):
        role = "manifest" if finding["parent"] else finding["role"]
        wanted.digests.setdefault((repository, finding["parent"] or digest), role)
        if finding.get("severity") == INFO:
            wanted.waste.add((repository, finding["parent"] or digest))
    if code == "link-invalid" and digest:
        wanted.digests.setdefault((repository, digest), "link")
    if code == "blob-corrupt":
        wanted.suspects.add(digest)
    if finding.get("state") in ("truncated", "corrupt"):
        wanted.damaged.add(digest)
    if code == "referrer-dangling":
        _add_subject(wanted, finding)


def _add_subject(wanted: Wanted, finding: Mapping[str, Any]) -> None:
    repository = finding["repository"]
    if finding["digest"]:
        wanted.referrers.add((repository, finding["digest"]))
    for subject in filter(None, map(subject_of_tag, finding["tags"])):
        wanted.subjects.add((repository, subject))


def _elsewhere(finding: Mapping[str, Any], root: str) -> bool:
    """Whether it says that it is of another store; ``store`` is a path, or a name and the path in parentheses."""
    store = str(finding.get("store") or "")
    path = store[store.index(" (/") + 2 : -1] if " (/" in store else store
    return bool(root and os.path.isabs(path) and os.path.realpath(path) != os.path.realpath(root))


def _check(finding: Mapping[str, Any], where: str) -> None:
    missing = [name for name in _NEEDED if name not in finding]
    if missing:
        raise BadInput(
            f"has no {', '.join(missing)}",
            where=where,
            advice="Give findings as registry_store_info or registry_integrity_info return them",
        )
    if not is_repository(finding["repository"]):
        raise BadInput(f"{str(finding['repository'])[:100]!r} is no repository name", where=where)
    for name in ("digest", "parent"):
        if finding[name] != "" and not is_digest(finding[name]):
            raise BadInput(f"{name} {str(finding[name])[:100]!r} is no digest", where=where)
    if not isinstance(finding["tags"], (list, tuple)) or not all(map(_is_label, finding["tags"])):
        raise BadInput("tags is no list of tags", where=where)
    if finding["code"] == "layer-link-orphan" and not finding["digest"]:
        raise BadInput("an orphaned layer link without a digest", where=where)


def _is_label(tag: object) -> bool:
    return is_tag(tag) or (isinstance(tag, str) and tag.startswith("@") and is_digest(tag[1:]))
