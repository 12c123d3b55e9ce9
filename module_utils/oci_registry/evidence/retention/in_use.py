# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What is in use, from digests and references that somebody gathered: for instance from the containers that run. Pure."""

from __future__ import annotations

from typing import FrozenSet, NamedTuple, Sequence, Set, Tuple

from ...digest import is_digest
from ...errors import BadInput
from ...reference import is_repository, is_tag
from ...store.layout import ENCODED_LENGTHS

_ADVICE = "Expected sha256:<64 lower-case hex digits>, or [host/]repository[:tag][@digest]"


class InUse(NamedTuple):
    """Digests, and (repository, tag) of references that named no digest."""

    digests: FrozenSet[str]
    images: FrozenSet[Tuple[str, str]]


def in_use(texts: Sequence[str]) -> InUse:
    """Digests and references as container engines write them. Raises :class:`BadInput` for anything else.

    Hosts are left out, since one registry goes by many names: what is in use under any of them stays.
    """
    digests: Set[str] = set()
    images: Set[Tuple[str, str]] = set()
    for text in texts:
        if is_digest(text):
            digests.add(text)
            continue
        name, at, digest = str(text).partition("@")
        if at and not is_digest(digest):
            raise BadInput(f"{digest[:100]!r} is no digest", where=str(text)[:300], advice=_ADVICE)
        if at:
            digests.add(digest)
        images.update(_images(name, str(text), tagged=bool(at)))
    return InUse(frozenset(digests), frozenset(images))


def _images(name: str, text: str, *, tagged: bool) -> Set[Tuple[str, str]]:
    """The (repository, tag) that a reference without its digest may stand for, here and in a cache of Docker Hub."""
    first, slash, rest = name.partition("/")
    has_host = bool(slash) and (first == "localhost" or "." in first or ":" in first)
    path = rest if has_host else name
    repository, colon, tag = path.partition(":")
    cut_short = repository in ENCODED_LENGTHS and not slash  # a digest that lost some of its digits
    if cut_short or not is_repository(repository) or (colon and not is_tag(tag)):
        raise BadInput("is neither a digest nor a reference of an image", where=text[:300], advice=_ADVICE)
    if tagged and not colon:
        return set()
    names = {repository} if "/" in repository else {repository, f"library/{repository}"}
    return {(each, tag or "latest") for each in names}
