# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the links of one repository say: plain data."""

from __future__ import annotations

from typing import Dict, Iterator, NamedTuple, Optional, Set, Union

from .layout import BASE, parse_link
from .reader import Blind


class OddLink(NamedTuple):
    """A link that does not hold the digest of its own path: another digest (``target``), or none at all."""

    target: str
    holds: str  # what the file holds, fit for a message


def odd_link(content: bytes) -> OddLink:
    """What a link file that is not sound holds."""
    return OddLink(parse_link(content) or "", ascii(content[:80])[1:] + ("..." if len(content) > 80 else ""))


class Links:
    """All links of one kind: digest to what its link holds. Sound ones hold the digest of their own path."""

    __slots__ = ("blind", "odd", "sound", "unseen")

    def __init__(self) -> None:
        self.sound: Set[str] = set()
        self.odd: Dict[str, OddLink] = {}
        self.unseen: Set[str] = set()  #: links that could not be read
        self.blind = False  #: some part could not even be listed

    def find(self, digest: str) -> Union[str, OddLink, None]:
        """The digest itself for a sound link, else the odd link, or None where there is none; raises :class:`Blind`."""
        if digest in self.sound:
            return digest
        if self.blind or digest in self.unseen:
            raise Blind(digest)
        return self.odd.get(digest)

    def targets(self) -> Iterator[str]:
        """Every digest that some link leads to."""
        yield from self.sound
        for link in self.odd.values():
            if link.target:
                yield link.target


class RepositoryLinks:
    """Everything that the folder of one repository holds, uploads left out."""

    __slots__ = ("blind_tags", "dead_tags", "history", "history_links", "layers", "name", "pushed", "revisions", "tags")

    def __init__(self, name: str) -> None:
        self.name = name
        self.tags: Dict[str, str] = {}
        self.pushed: Dict[str, float] = {}  #: tag: when its link was last written, in seconds since the epoch
        self.dead_tags: Dict[str, Optional[OddLink]] = {}  #: tags whose link holds no digest, None where there is no link
        self.blind_tags = False
        self.history: Dict[str, OddLink] = {}  #: path of a link of a tag's history that holds something odd
        self.revisions = Links()
        self.layers = Links()
        self.history_links = 0  #: how many links the histories of all tags have

    @property
    def path(self) -> str:
        """The repository's folder, relative to the rootdirectory."""
        return f"{BASE}/repositories/{self.name}"

    @property
    def files(self) -> int:
        """How many link files there are."""
        own = sum(len(links.sound) + len(links.odd) for links in (self.revisions, self.layers))
        return own + len(self.tags) + len(self.dead_tags) + self.history_links
