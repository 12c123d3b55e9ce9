# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a repair plan needs to know: facts about every digest that the broken images need, and about their tags. Pure data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Optional, Set, Tuple

from ..model import Manifest

#: what was seen: as it should be, something else, nothing, or nobody looked
RIGHT, WRONG, GONE, UNSEEN = "right", "wrong", "gone", "unseen"


@dataclass
class Node:
    """One digest in one repository. ``disk`` is about the file with its bytes, ``link`` about the link that serves it.

    ``served`` is what the registry answers, by bytes; with a disk at hand only things that are not right there are asked for.
    """

    repository: str
    digest: str
    role: str  # index, manifest, config or layer
    parent: str = ""
    platform: str = ""
    size: Optional[int] = None  # bytes, as its descriptor says
    disk: str = UNSEEN
    disk_size: Optional[int] = None
    link: str = UNSEEN
    stored: str = ""  # digest under which its bytes lie on disk: its own, unless it was pushed under another algorithm
    served: str = UNSEEN
    detail: str = ""  # what is wrong with it, in words
    stale: bool = False  # the running registry answers for it although the disk cannot
    sources: Tuple[str, ...] = ()  # labels of the sources that have it, in the order of preference
    refused: Tuple[str, ...] = ()  # sources that said that they have it, and what they delivered instead
    content: Optional[bytes] = None  # of a manifest: its right bytes, wherever they came from
    content_from: str = ""  # "disk", "registry" or the label of a source
    manifest: Optional[Manifest] = None
    invalid: str = ""  # right bytes, but no manifest of a known kind: why
    tags: Set[str] = field(default_factory=set)  # every tag that needs it

    @property
    def is_manifest(self) -> bool:
        """Whether it is an index or an image manifest, not a blob."""
        return self.role in ("index", "manifest")

    @property
    def lies(self) -> bool:
        """Whether the right bytes have another size than the descriptor says, which no repair can help."""
        return self.disk == RIGHT and self.size is not None and self.disk_size != self.size

    @property
    def sound(self) -> bool:
        """Whether the registry serves it, or will after a start: by the disk if that was seen, else by what was answered."""
        if self.disk == UNSEEN:
            return self.served == RIGHT
        return self.disk == RIGHT and self.link == RIGHT


@dataclass
class TagFact:
    """One tag: the digest that its link holds, or else the digests that its history names."""

    repository: str
    tag: str
    digest: str = ""
    link: str = UNSEEN
    history: Tuple[str, ...] = ()
    detail: str = ""
    there: bool = True  # whether there is such a tag at all, whatever it points at


@dataclass
class OrphanLink:
    """A layer link that was reported as leading nowhere."""

    repository: str
    digest: str
    link: str = UNSEEN
    disk: str = UNSEEN


Key = Tuple[str, str]


@dataclass
class Evidence:
    """Everything that was observed. ``has_disk`` and ``has_api`` say what can be changed, too.

    ``is_cache``: the store is that of a pull-through cache, which takes no pushes and fetches by itself what is not there.
    """

    has_disk: bool
    has_api: bool
    is_cache: bool = False
    nodes: Dict[Key, Node] = field(default_factory=dict)  # (repository, digest)
    tags: Dict[Key, TagFact] = field(default_factory=dict)  # (repository, tag)
    roots: Dict[Key, Set[str]] = field(default_factory=dict)  # (repository, digest): tags that point at it, maybe none
    waste: Set[Key] = field(default_factory=set)  # roots that no tag reaches and nobody asked for
    opaque_links: List[Key] = field(
        default_factory=list
    )  # (repository, digest) of links of which only a disk tells what they serve
    orphans: List[OrphanLink] = field(default_factory=list)
    source_problems: Dict[str, str] = field(default_factory=dict)  # label: why it could not be asked
    suspects: Set[str] = field(default_factory=set)  # digests of which only every byte proves something
    damaged: Set[str] = field(default_factory=set)  # digests whose file was seen to be there and damaged

    @property
    def stale(self) -> bool:
        """Whether the running registry answers from a cache that the disk contradicts."""
        return any(node.stale for node in self.nodes.values())

    def forget_tag(self, key: Key) -> None:
        """Leave out a tag that is not there, with what it was said to point at."""
        self.tags.pop(key, None)
        for root, tags in list(self.roots.items()):
            if root[0] == key[0] and key[1] in tags:
                tags.discard(key[1])
                if not tags:
                    del self.roots[root]

    def manifests_of(self, repository: str) -> Dict[str, Manifest]:
        """The manifests of one repository that could be read, by their digests."""
        nodes = (node for (name, _digest), node in self.nodes.items() if name == repository)
        return {node.digest: node.manifest for node in nodes if node.manifest is not None}
