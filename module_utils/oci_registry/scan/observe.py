# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Fills the view of one repository from its links and the store's blobs."""

from __future__ import annotations

from typing import Dict, Iterable, List, Optional, Set, Tuple

from ..model import MAX_DEPTH, Descriptor, Manifest
from ..reach import subject_of_tag
from ..store.blobs import Blobs
from ..store.links import RepositoryLinks
from ..store.reader import Blind
from ..view import INVALID, MISSING, Fault, RepositoryView
from .answers import CONTENT, LINKS, Answer, Api

_Level = List[Tuple[str, Optional[int]]]  # digests, each with the size that a descriptor gives


class Observer:
    """Looks at one repository: as soon as an observer exists, its ``view`` is complete."""

    def __init__(self, links: RepositoryLinks, blobs: Blobs, proof: str, dialect: str) -> None:
        self.view = RepositoryView(links.name, lie_state="invalid")
        self._links = links
        self._blobs = blobs
        self._api = Api(links, blobs, proof, dialect)
        self._trusts_sizes = proof != CONTENT
        self._compares_sizes = proof != LINKS
        self._blob_sizes: Dict[str, int] = {}  # of the blobs found in order so far
        self._seen: Set[str] = set()
        self._legacy: Set[str] = set()
        self._look_at_tags()
        self._look_at_untagged()
        self._look_at_subjects()
        self.view.sizes.update(self._blob_sizes)

    # -- roots

    def _look_at_tags(self) -> None:
        view = self.view
        view.tags.update(self._links.tags)
        for tag, link in self._links.dead_tags.items():
            if link is None:
                view.tag_faults[tag] = Fault(MISSING, "gone", "its folder holds no current/link")
            else:
                view.tag_faults[tag] = Fault(MISSING, "invalid", f"its link holds {link.holds}, no digest")
        self._descend((digest, None) for digest in view.tags.values())
        view.legacy.extend(sorted(tag for tag, digest in view.tags.items() if digest in self._legacy))

    def _look_at_untagged(self) -> None:
        revisions = self._links.revisions
        for digest in sorted((revisions.sound | revisions.odd.keys()) - self._seen):
            answer = self._ask(digest, None)
            if answer is not None and answer.manifest is not None:
                self.view.untagged.add(digest)
                self._descend(((digest, None),))

    def _look_at_subjects(self) -> None:
        """What a referrer is about must be there; nothing more is asked of it."""
        view = self.view
        subjects = {manifest.subject.digest for manifest in view.manifests.values() if manifest.subject is not None}
        subjects.update(filter(None, map(subject_of_tag, view.tags)))
        for digest in sorted(subjects - self._seen):
            answer = self._ask(digest, None)
            if answer is not None and answer.fault is not None:
                view.manifest_faults[digest] = answer.fault

    # -- the graph below

    def _descend(self, roots: Iterable[Tuple[str, Optional[int]]]) -> None:
        """Look at everything below, level by level."""
        level: _Level = list(roots)
        for _depth in range(MAX_DEPTH + 1):
            below: _Level = []
            for digest, expected in level:
                if digest not in self._seen:
                    self._seen.add(digest)
                    manifest = self._manifest(digest, expected)
                    if manifest is not None:
                        below.extend([(child.digest, child.size) for child in manifest.children])
                        self._look_at_blobs(manifest)
            level = below
        for digest, _expected in level:
            if digest not in self._seen:
                self._seen.add(digest)
                self.view.manifest_faults[digest] = Fault(INVALID, "invalid", f"nested deeper than {MAX_DEPTH} levels")

    def _manifest(self, digest: str, expected: Optional[int]) -> Optional[Manifest]:
        """Take down what one manifest is found to be; return it if there is anything below it to look at."""
        view, manifest = self.view, None
        if digest in self._links.revisions.sound:
            manifest = self._blobs.manifests.get(digest)
        if manifest is not None:
            view.sizes[digest] = self._blobs.sizes[digest]
            view.manifests[digest] = manifest
            return manifest
        answer = self._ask(digest, expected)
        if answer is None:
            return None
        if answer.legacy:
            self._legacy.add(digest)
        elif answer.fault is not None:
            view.manifest_faults[digest] = answer.fault
        if answer.manifest is None:
            return None
        view.sizes[digest] = answer.size
        view.manifests[digest] = answer.manifest
        return answer.manifest

    def _ask(self, digest: str, expected: Optional[int]) -> Optional[Answer]:
        """The API's answer; None where it cannot be told."""
        try:
            return self._api.manifest(digest, expected)
        except Blind:
            return None

    def _look_at_blobs(self, manifest: Manifest) -> None:
        done, stored, linked = self._blob_sizes, self._blobs.sizes, self._links.layers.sound
        for blob in manifest.blobs():
            digest = blob.digest
            if done.get(digest) == blob.size:
                continue
            if self._trusts_sizes and stored.get(digest) == blob.size and digest in linked:
                done[digest] = blob.size
            elif digest not in self.view.blob_faults:
                self._look_at_blob(blob)

    def _look_at_blob(self, blob: Descriptor) -> None:
        """The careful way, for everything that is not plainly in order."""
        try:
            answer = self._api.blob(blob)
        except Blind:
            return
        if answer.fault is not None:
            self._blob_sizes.pop(blob.digest, None)
            self.view.blob_faults[blob.digest] = answer.fault
        elif self._compares_sizes or answer.size == blob.size:
            self._blob_sizes[blob.digest] = answer.size
