# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Holds uses against broken images: by the reference, and by any digest of what the image is made of."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Sequence

from .broken import Broken
from .names import Named, Names
from .use import Use, is_told

TAG, DIGEST = "tag", "digest"


class Impact(NamedTuple):
    """What is hit: ``images`` one record for each broken image, those in use first; ``unsure``: uses of which it cannot be told."""

    images: List[Dict[str, Any]]
    unsure: List[Use]

    def named(self, *, in_use: bool) -> List[str]:
        """The names of the images that are in use, or of those that no use is known of."""
        return [str(one["image"]) for one in self.images if one["in_use"] is in_use]


def impact(broken: Sequence[Broken], uses: Sequence[Use], names: Names) -> Impact:
    """Every use goes to each image that it hits, with ``by``: how that is known (``tag`` or ``digest``)."""
    hits: List[List[Use]] = [[] for _one in broken]
    unsure: List[Use] = []
    for one in uses:
        named = names.find(one["reference"]) if one["reference"] else None
        ways = [_way(each, one, named) for each in broken]
        for way, found in zip(ways, hits):
            if way and {**one, "by": way} not in found:
                found.append({**one, "by": way})
        if not any(ways) and any(_may_hit(each, one, named, names) for each in broken):
            unsure.append(one)
    images = [_record(each, found) for each, found in zip(broken, hits)]
    return Impact(sorted(images, key=lambda record: (not record["in_use"], record["image"])), unsure)


def _way(broken: Broken, one: Use, named: Any) -> str:
    """How a use hits an image; empty where it does not. A digest in a reference decides alone: engines leave the tag beside it unread."""
    if named and broken.repository in named.repositories:
        if named.digest is None and named.tag == broken.tag:
            return TAG
        if named.digest in broken.digests:
            return DIGEST
    return DIGEST if broken.digests.intersection(one["digests"]) else ""


def _may_hit(broken: Broken, one: Use, named: Any, names: Names) -> bool:
    """Whether a use may be of an image: one that is not told, or one by digest where not all digests are known."""
    if not is_told(one):
        return not one["pattern"] or names.may_be(one["pattern"], broken.repository, broken.tag)
    is_pinned = isinstance(named, Named) and named.digest is not None
    return is_pinned and broken.repository in named.repositories and not broken.complete


def _record(broken: Broken, uses: List[Use]) -> Dict[str, Any]:
    tags = [] if broken.image == f"{broken.repository}@{broken.tag}" else [broken.tag]
    return {
        "image": broken.image,
        "repository": broken.repository,
        "tags": tags,
        "digests": sorted(broken.digests),
        "in_use": bool(uses),
        "uses": uses,
    }
