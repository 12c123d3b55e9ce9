# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Closure over the image graph: tag, index, child, config, layers. Pure: manifests in, edges and sets out.

``subject`` is no edge here: a referrer needs its subject to make sense, not to be pulled.
"""

from __future__ import annotations

import re
from typing import Iterable, Iterator, List, Mapping, NamedTuple, Optional, Set, Tuple

from .model import INDEX_TYPES, Descriptor, Manifest

#: the OCI fallback tag of referrers, and cosign's tags of the same form
REFERRER_TAG = re.compile(r"(sha256|sha512)-([0-9a-f]{64}|[0-9a-f]{128})(?:\.[A-Za-z0-9_.-]+)?\Z")


class Edge(NamedTuple):
    """One reference from a manifest to something that it needs."""

    parent: str
    descriptor: Descriptor
    role: str  # index, manifest, config or layer
    platform: str  # of the nearest child above that has one
    attestation: bool  # only an attestation needs it


Referrers = Mapping[str, Tuple[Descriptor, ...]]
_NO_REFERRERS: Referrers = {}


def edges_below(root: str, manifests: Mapping[str, Manifest], referrers: Referrers = _NO_REFERRERS) -> Iterator[Edge]:
    """Every edge that is reachable from ``root``, each manifest entered once, an index before what is below it.

    A manifest that both a platform and an attestation need is entered through the platform. ``referrers`` (subject: what refers to it)
    adds edges that count like those to an attestation.
    """
    seen: Set[str] = set()
    waiting = [(root, "", False)]
    attestations: List[Tuple[str, str, bool]] = []
    while waiting or attestations:
        digest, platform, attested = waiting.pop() if waiting else attestations.pop(0)
        if digest in seen or digest not in manifests:
            continue
        seen.add(digest)
        manifest = manifests[digest]
        about = tuple([item._replace(attestation=True) for item in referrers.get(digest, ())])
        for child in manifest.children + about:
            below = child.platform or platform
            lesser = attested or child.attestation
            yield Edge(digest, child, child_role(child), below, lesser)
            (attestations if lesser else waiting).append((child.digest, below, lesser))
        if manifest.config is not None:
            yield Edge(digest, manifest.config, "config", platform, attested)
        for layer in manifest.layers:
            if not layer.foreign:
                yield Edge(digest, layer, "layer", platform, attested)


def child_role(child: Descriptor) -> str:
    """``index`` or ``manifest``, as far as the descriptor tells."""
    return "index" if child.media_type in INDEX_TYPES else "manifest"


def closure(roots: Iterable[str], manifests: Mapping[str, Manifest]) -> Set[str]:
    """The digests of everything that ``roots`` need, themselves included, whether or not it is there."""
    needed: Set[str] = set()
    waiting = list(roots)
    while waiting:
        digest = waiting.pop()
        if digest in needed:
            continue
        needed.add(digest)
        manifest = manifests.get(digest)
        if manifest is not None:
            waiting.extend(child.digest for child in manifest.children)
            needed.update(blob.digest for blob in manifest.blobs())
    return needed


def subject_of_tag(tag: str) -> Optional[str]:
    """The digest that a referrer tag (``sha256-<hex>``, ``sha256-<hex>.sig``) is about, or None."""
    match = REFERRER_TAG.match(tag)
    return f"{match[1]}:{match[2]}" if match else None
