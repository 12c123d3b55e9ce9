# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What an index holds besides its own bytes: the images that a pull can end at. Two that hold the same can stand in for each other. Pure."""

from __future__ import annotations

from collections import deque
from typing import Callable, Deque, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from ..model import MAX_DEPTH, Descriptor, Manifest

#: More than any image has. What nests and repeats itself beyond that is hostile, and is not compared.
MAX_CONTENTS = 1000
_UNKNOWN = "unknown/unknown"
Find = Callable[[str], Optional[Manifest]]  # digest: its manifest, None where that cannot be read


class Content(NamedTuple):
    """One image for one platform. ``recipe`` is its config and its layers; None where its manifest cannot be read."""

    platform: str
    digest: str
    recipe: Optional[Tuple[str, ...]]


def contents_of(root: str, find: Find) -> Optional[List[Content]]:
    """The images below ``root`` (or it itself), attestations left out; None where that cannot be told.

    Each digest counts once for a platform however often it is named: indexes that name others twice, eight deep, would never end else.
    """
    if find(root) is None:
        return None
    found: List[Content] = []
    waiting: Deque[Tuple[Descriptor, int]] = deque([(Descriptor(root, 0), 0)])
    seen: Set[Tuple[str, str]] = set()
    while waiting:
        item, depth = waiting.popleft()
        manifest = find(item.digest) if depth <= MAX_DEPTH else None
        if manifest is None or manifest.kind != "index":
            found.append(Content(item.platform, item.digest, _recipe(manifest)))
            continue
        for child in _images_in(manifest, item.platform):
            if (child.digest, child.platform) not in seen:
                seen.add((child.digest, child.platform))
                waiting.append((child, depth + 1))
        if len(seen) > MAX_CONTENTS:
            return None
    return found


def same_content(one: Sequence[Content], other: Sequence[Content]) -> bool:
    """Whether each platform has the same image: the same digest, or the same config and layers."""
    if len(one) == len(other) == 1 and "" in (one[0].platform, other[0].platform):
        return _same(one[0], other[0])  # an image, and an index over nothing else
    left = _by_platform(other)
    for item in one:
        match = next((each for each in left.get(item.platform, ()) if _same(item, each)), None)
        if match is None:
            return False
        left[item.platform].remove(match)
    return bool(one) and not any(left.values())


def lost_platforms(old: Sequence[Content], new: Sequence[Content]) -> List[str]:
    """The platforms that ``old`` has and ``new`` has not, in words.

    An image without an index says nothing of its platform: it may be any of them, and no more than one.
    """
    lost = sorted({item.platform for item in old} - {item.platform for item in new} - {""})
    unnamed = sum(1 for item in new if not item.platform)
    if len(lost) <= unnamed:
        return []
    return [f"all but {unnamed} of {', '.join(lost)}"] if unnamed else lost


def _same(one: Content, other: Content) -> bool:
    return one.digest == other.digest or (one.recipe is not None and one.recipe == other.recipe)


def _by_platform(contents: Sequence[Content]) -> Dict[str, List[Content]]:
    found: Dict[str, List[Content]] = {}
    for item in contents:
        found.setdefault(item.platform, []).append(item)
    return found


def _images_in(index: Manifest, platform: str) -> Iterator[Descriptor]:
    """The children of an index that a pull can end at; those without a platform have that of the index."""
    for child in index.children:
        if not child.attestation and child.platform != _UNKNOWN:
            yield child._replace(platform=child.platform or platform)


def _recipe(manifest: Optional[Manifest]) -> Optional[Tuple[str, ...]]:
    if manifest is None or manifest.config is None:
        return None
    return (manifest.config.digest, *(layer.digest for layer in manifest.layers))
