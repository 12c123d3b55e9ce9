# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which manifests any repository of a store serves: a referrer may be kept in another one than what it is about.

Asked only for the few that a referrer's own repository lacks. Folders are listed and compared with those, so that it stays linear.
"""

from __future__ import annotations

from typing import AbstractSet, Iterator, Sequence, Set

from ..store.blobs import Blobs
from ..store.linkreader import LinkReader
from ..store.links import Links
from ..store.reader import Blind
from ..view import MISSING
from .answers import SIZES, Api


class Elsewhere:
    """Looks through the repositories ``names``. Nothing of it is remembered: a push may be under way."""

    def __init__(self, reader: LinkReader, blobs: Blobs, dialect: str, names: Sequence[str]) -> None:
        self._reader = reader
        self._blobs = blobs
        self._dialect = dialect
        self._names = names

    def served(self, digests: AbstractSet[str]) -> Set[str]:
        """Those that some repository serves, whether or not a tag leads to them, or may serve, since it could not be looked at."""
        found: Set[str] = set()
        waiting = set(filter(self._may_be_there, digests))
        for name in self._names:
            if not waiting:
                break
            here = set(self._served_by(name, waiting))
            found |= here
            waiting -= here
        return found

    def _may_be_there(self, digest: str) -> bool:
        """Of what was uploaded by another algorithm, the bytes lie elsewhere."""
        try:
            return not digest.startswith("sha256:") or self._blobs.size(digest) is not None
        except Blind:
            return True

    def _served_by(self, name: str, digests: AbstractSet[str]) -> Iterator[str]:
        links = self._reader.find(name, digests, layers=self._dialect == "2")
        api = Api(links, self._blobs, SIZES, self._dialect)
        for digest in _linked(links.revisions, digests) | _linked(links.layers, digests):
            try:
                fault = api.manifest(digest).fault
            except Blind:
                fault = None
            if fault is None or fault.symptom != MISSING:
                yield digest


def _linked(links: Links, digests: AbstractSet[str]) -> Set[str]:
    """Those of which there is a link, or may be one."""
    return set(digests) if links.blind else {*links.sound, *links.odd, *(links.unseen & digests)}
