# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a store held before it was damaged: the ground truth, read plainly and without care for speed or hostile content."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, Iterator, List, NamedTuple, Tuple

from .place import blob_path, tag_path


class Node(NamedTuple):
    """One thing that a tag needs."""

    digest: str
    role: str  # "index", "manifest", "config" or "layer"
    parent: str = ""  # digest of the manifest that names it; empty for what the tag points at
    attestation: bool = False  # an attestation, or part of one
    bare: bool = False  # named by an index that does not write its mediaType
    size: int = 0  # in bytes, as its descriptor says; 0 for what the tag points at


def nodes_of(root: str, repository: str, tag: str) -> List[Node]:
    """Everything that a tag needs, the tag's own manifest first; what cannot be read is left out together with what it names."""
    try:
        with open(tag_path(root, repository, tag), encoding="ascii") as link:
            return list(_below(root, Node(link.read(), "manifest")))
    except (OSError, UnicodeDecodeError):
        return []


def tags_of(root: str) -> Iterator[Tuple[str, str]]:
    """(repository, tag) of every tag in the store, sorted."""
    top = os.path.join(root, "docker", "registry", "v2", "repositories")
    for folder, names, _files in sorted(os.walk(top)):
        if os.path.basename(folder) == "_manifests" and "tags" in names:
            for tag in sorted(os.listdir(os.path.join(folder, "tags"))):
                yield os.path.relpath(os.path.dirname(folder), top), tag


def users_of(root: str, digest: str) -> Dict[str, Tuple[str, ...]]:
    """repository: sorted tags that need ``digest``, for every repository that has any."""
    found: Dict[str, List[str]] = {}
    for repository, tag in tags_of(root):
        if any(node.digest == digest for node in nodes_of(root, repository, tag)):
            found.setdefault(repository, []).append(tag)
    return {repository: tuple(tags) for repository, tags in found.items()}


def _below(root: str, node: Node) -> Iterator[Node]:
    document = _document(root, node.digest)
    children = document.get("manifests") or []
    yield node._replace(role="index") if children else node
    for child in children:
        mark = (child.get("annotations") or {}).get("vnd.docker.reference.type") == "attestation-manifest"
        yield from _below(root, Node(child["digest"], "manifest", node.digest, mark, "mediaType" not in document, child["size"]))
    for role, descriptors in (("config", [document.get("config")]), ("layer", document.get("layers") or [])):
        for descriptor in descriptors:
            if descriptor and not descriptor.get("urls"):
                yield Node(descriptor["digest"], role, node.digest, node.attestation, node.bare, descriptor["size"])


def _document(root: str, digest: str) -> Dict[str, Any]:
    try:
        with open(blob_path(root, digest), encoding="utf-8") as file:
            document = json.load(file)
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
