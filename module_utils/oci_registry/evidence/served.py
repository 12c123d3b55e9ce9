# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether a digest of which nobody said where it belongs is right somewhere: an earlier run may have mended it."""

from __future__ import annotations

from ..front.disk import names_of
from ..plans.facts import RIGHT
from ..reference import is_repository
from .disk import DiskView
from .http import ApiView
from .observer import Place


def is_served(place: Place, digest: str) -> bool:
    """Whether any repository has its right bytes and the link that serves them; without a disk, whether it serves them."""
    if place.disk is not None:
        return place.disk.size(digest) is not None and _is_on_disk(place.disk, digest)
    return place.api is not None and _is_answered(place.api, digest)


def _is_on_disk(disk: DiskView, digest: str) -> bool:
    looks = (disk.look(name, digest, manifest=kind) for name in sorted(names_of(disk.root).all) for kind in (True, False))
    return any(found.file.state == found.link == RIGHT for found in looks)


def _is_answered(api: ApiView, digest: str) -> bool:
    facts = (
        ask(name, digest) for name in api.client.repositories() if is_repository(name) for ask in (api.manifest, api.whole_blob)
    )
    return any(fact.state == RIGHT for fact in facts)
