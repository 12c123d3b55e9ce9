# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What Distribution's API would answer for one digest of one repository, and where it would not serve it, why not.

Distribution serves what a link of the repository leads to: a manifest through ``revisions`` (2.8 also through ``_layers``), a
blob through ``_layers``. A link that holds the digest of something else makes it serve that under the wrong name; one that holds
no digest, a manifest that it cannot parse, or one over 4 MiB make it answer 500.
"""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple, Optional, Set, Tuple, Union

from ..digest import split_digest
from ..model import MAX_DEPTH, Descriptor, Manifest
from ..store.blobs import Blobs, ManifestFile
from ..store.links import OddLink, RepositoryLinks
from ..view import CORRUPT, INVALID, MISSING, Fault

LINKS, SIZES, CONTENT = "links", "sizes", "content"

#: states in which nothing that is there is wrong: something is not there
ABSENT_STATES = frozenset(("gone", "hollow", "unlinked"))


class Answer(NamedTuple):
    """The answer for one digest: its size in bytes, and either its manifest (None for blobs and schema 1) or a fault."""

    size: int = 0
    manifest: Optional[Manifest] = None
    fault: Optional[Fault] = None
    legacy: bool = False


class Api:
    """Answers for one repository. Every method raises :class:`store.reader.Blind` where the answer cannot be told."""

    def __init__(self, links: RepositoryLinks, blobs: Blobs, proof: str, dialect: str) -> None:
        self._links = links
        self._blobs = blobs
        self._proof = proof
        self._dialect = dialect

    # -- manifests

    def manifest(self, digest: str, expected: Optional[int] = None) -> Answer:
        """GET ``manifests/<digest>``; ``expected`` is the size that a descriptor gives for it."""
        link = self._manifest_link(digest)
        if link is None:
            return _missing(*self._why_unserved(digest, expected))
        if isinstance(link, OddLink):
            return self._through_odd_link(digest, link, expected)
        found = self._blobs.examine(digest)
        if found is None:
            return _missing("gone", "its bytes are not on disk")
        return self._served(found, *_wrong_bytes(found.size, expected))

    def _manifest_link(self, digest: str) -> Union[str, OddLink, None]:
        link = self._links.revisions.find(digest)
        if link is None and self._dialect == "2":
            link = self._links.layers.find(digest)
        return link

    def _served(self, found: ManifestFile, state: str, detail: str) -> Answer:
        """The answer where a link leads to the file; ``state`` and ``detail`` are for the case that it has wrong bytes."""
        if not found.right:
            return Answer(fault=Fault(CORRUPT if found.accepted else MISSING, state, detail, found.size))
        if found.manifest is not None and found.manifest.kind == "legacy":
            return Answer(found.size, legacy=True)
        if found.manifest is not None:
            return Answer(found.size, found.manifest)
        if found.accepted:
            return Answer(found.size, fault=Fault(INVALID, "invalid", found.problem, found.size))
        return _missing("invalid", f"the registry cannot read it: {found.problem}")

    def _through_odd_link(self, digest: str, link: OddLink, expected: Optional[int]) -> Answer:
        state, detail = self._why_unserved(digest, expected)
        if not link.target:
            return _missing(_state_behind_garbage(state), f"its link holds {link.holds}, no digest; {detail}")
        found = self._blobs.examine(link.target)
        detail = f"its link leads to {link.target}; {detail}"
        if found is None:
            return _missing(state, detail)
        right = _other_algorithm(digest, link.target) and bool(self._blobs.hashes_to(link.target, digest))
        return self._served(found._replace(right=right), state, detail)

    def _why_unserved(self, digest: str, expected: Optional[int]) -> Tuple[str, str]:
        """State and detail of a manifest to which no link leads."""
        found = self._blobs.examine(digest)
        if found is None:
            return "gone", "neither its link nor its bytes are on disk"
        if not found.right:
            return _wrong_bytes(found.size, expected)
        if found.manifest is None:
            return "invalid", f"its bytes are on disk, and are no manifest: {found.problem}"
        lacking = self._lacking(found.manifest, 0, set())
        if lacking:
            return "hollow", f"its bytes are on disk, the link that serves it is gone, and it needs what is not there: {lacking}"
        return "unlinked", "its bytes and all that it names are on disk; the link that serves it is gone"

    def _lacking(self, manifest: Manifest, depth: int, seen: Set[str]) -> str:
        """The first thing that ``manifest`` needs and the disk does not have in order; empty if there is none.

        ``seen``: children that were looked at already, so that indexes which name each other again and again come to an end.
        """
        lacking = map(self._lacking_blob, manifest.blobs())
        lacking_below = (self._lacking_child(child, depth, seen) for child in manifest.children)
        return next(filter(None, chain(lacking, lacking_below)), "")

    def _lacking_blob(self, blob: Descriptor) -> str:
        size = self._blobs.size(blob.digest)
        if size is None:
            return f"{blob.digest} is not on disk"
        if size != blob.size:
            return f"{blob.digest} has {size} bytes on disk, not {blob.size}"
        if self._proof == CONTENT and not self._blobs.hashes_to(blob.digest, blob.digest):
            return f"{blob.digest} has wrong bytes on disk"
        return ""

    def _lacking_child(self, child: Descriptor, depth: int, seen: Set[str]) -> str:
        if child.digest in seen:
            return ""
        seen.add(child.digest)
        found = self._blobs.examine(child.digest)
        if found is None:
            return f"{child.digest} is not on disk"
        if not found.right or found.manifest is None or depth > MAX_DEPTH:
            return f"{child.digest} is on disk, but no manifest"
        return self._lacking(found.manifest, depth + 1, seen)

    # -- blobs

    def blob(self, descriptor: Descriptor) -> Answer:
        """GET ``blobs/<digest>``."""
        digest = descriptor.digest
        link = self._links.layers.find(digest)
        if link is None:
            return _missing(*self._why_blob_unserved(descriptor))
        if isinstance(link, OddLink):
            return self._blob_through_odd_link(descriptor, link)
        size = self._blobs.size(digest)
        if size is None:
            return _missing("gone", "its bytes are not on disk")
        if self._is_right(digest, digest, size, descriptor):
            return Answer(size)
        return Answer(fault=Fault(CORRUPT, *_wrong_bytes(size, descriptor.size), size))

    def _is_right(self, stored: str, digest: str, size: int, descriptor: Descriptor) -> bool:
        """Whether the file of ``stored`` holds the bytes of ``digest``, as far as the proof goes."""
        if self._proof == LINKS or (size == descriptor.size and self._proof != CONTENT):
            return True
        return bool(self._blobs.hashes_to(stored, digest))

    def _blob_through_odd_link(self, descriptor: Descriptor, link: OddLink) -> Answer:
        digest = descriptor.digest
        state, detail = self._why_blob_unserved(descriptor)
        if not link.target:
            return _missing(_state_behind_garbage(state), f"its link holds {link.holds}, no digest; {detail}")
        stored = self._stored_behind(link.target)
        detail = f"its link leads to {link.target}; {detail}"
        size = self._blobs.size(stored) if stored else None
        if size is None:
            return _missing(state, detail)
        same_bytes = stored == digest or _other_algorithm(digest, stored)
        if same_bytes and self._is_right(stored, digest, size, descriptor):
            return Answer(size)
        return Answer(fault=Fault(CORRUPT, state, detail, size))

    def _stored_behind(self, target: str) -> str:
        """Whose bytes are served through a link that leads to ``target``: the registry looks up the link of that in turn, once."""
        link = self._links.layers.find(target) if self._blobs.size(target) is not None else None
        return link.target if isinstance(link, OddLink) else link or ""

    def _why_blob_unserved(self, descriptor: Descriptor) -> Tuple[str, str]:
        size = self._blobs.size(descriptor.digest)
        if size is None:
            return "gone", "neither its link nor its bytes are on disk"
        if not self._is_right(descriptor.digest, descriptor.digest, size, descriptor):
            return _wrong_bytes(size, descriptor.size)
        return "unlinked", "its bytes are on disk; the link that serves it in this repository is gone"


def _missing(state: str, detail: str) -> Answer:
    return Answer(fault=Fault(MISSING, state, detail))


def _wrong_bytes(size: int, expected: Optional[int]) -> Tuple[str, str]:
    """State and detail of a file of ``size`` bytes that does not hash to its digest."""
    if size == 0 or (expected is not None and size != expected):
        return "truncated", f"{size} bytes on disk" + ("" if expected is None else f", where its descriptor says {expected}")
    return "corrupt", f"its {size} bytes on disk do not hash to the digest"


def _state_behind_garbage(state: str) -> str:
    """The link is the cause unless what it should lead to needs more than a link."""
    return "invalid" if state == "unlinked" else state


def _other_algorithm(digest: str, target: str) -> bool:
    """A link may lead from one algorithm to another: so Distribution stores what was uploaded by its sha512."""
    return split_digest(digest)[0] != split_digest(target)[0]
