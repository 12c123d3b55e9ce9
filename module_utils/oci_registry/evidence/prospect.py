# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a dry run would say once retention has deleted some manifests: for a plan of both, before either is done."""

from __future__ import annotations

import os
from typing import Any, Dict, FrozenSet, Iterable, List, Mapping, Set, Tuple

from ..plans.dryrun import DryRun
from ..scan import Study, scan
from ..store.layout import blob_path
from ..store.links import RepositoryLinks
from ..view import RepositoryView
from .stored import stored_manifests

#: repository: digests of its manifests that are taken to be deleted
Gone = Mapping[str, FrozenSet[str]]
NOTHING_GONE: Gone = {}


def foresee(root: str, dry_run: DryRun, gone: Gone, dialect: str) -> DryRun:
    """The answer of the registry, and beside it the blobs that only manifests of ``gone`` mark. Removes nothing from the answer."""
    candidates = frozenset(_marked_by(root, frozenset().union(*gone.values())) - dry_run.blobs)
    if not candidates or dry_run.problem:
        return dry_run
    found: List[Dict[str, Any]] = []
    scan(root, mode="hosted", dialect=dialect, study=Study(_Marks(candidates, gone), found.append))
    marked: Set[str] = set()
    links: Set[Tuple[str, str]] = set()
    for each in sorted(found, key=lambda each: str(each["repository"]).split("/")):  # the order of a collection
        marked.update(each["marks"])
        if dialect == "3":  # removes a layer link unless this or an earlier repository marks its blob
            links.update((each["repository"], digest) for digest in each["layers"] if digest not in marked)
    return DryRun(dry_run.repositories, dry_run.manifests, dry_run.blobs | (candidates - marked), dry_run.layer_links | links)


def without(view: RepositoryView, gone: Gone) -> RepositoryView:
    """What is left of a repository: no manifest of ``gone``, no tag of one, and nothing that only these need."""
    deleted = gone.get(view.name)
    if not deleted:
        return view
    left = RepositoryView(view.name)
    left.tags = {tag: digest for tag, digest in view.tags.items() if digest not in deleted}
    left.manifests = {digest: manifest for digest, manifest in view.manifests.items() if digest not in deleted}
    needed = {item.digest for manifest in left.manifests.values() for item in manifest.references()}
    needed |= {manifest.subject.digest for manifest in left.manifests.values() if manifest.subject is not None}
    needed |= {*left.manifests, *left.tags.values()}
    left.manifest_faults = {digest: fault for digest, fault in view.manifest_faults.items() if digest in needed}
    left.sizes = {digest: size for digest, size in view.sizes.items() if digest in needed}
    left.blob_faults = {digest: fault for digest, fault in view.blob_faults.items() if digest in needed}
    return left


class _Marks:
    """The study of one repository, in the processes of the scan: which candidates it marks, and to which its layer links lead."""

    def __init__(self, candidates: FrozenSet[str], gone: Gone) -> None:
        self._candidates = candidates
        self._gone = gone

    def __call__(self, view: RepositoryView, links: RepositoryLinks) -> Dict[str, Any]:
        marks = {*links.revisions.odd, *links.revisions.targets()} - self._gone.get(view.name, frozenset())
        for digest in tuple(marks):
            if digest in view.manifests:  # its children are marked too, but not what these name
                marks.update(item.digest for item in view.manifests[digest].references())
        found = {"marks": marks & self._candidates, "layers": links.layers.sound & self._candidates}
        return {"repository": view.name, **{name: sorted(digests) for name, digests in found.items()}}


def _marked_by(root: str, digests: Iterable[str]) -> Set[str]:
    """The manifests and what they name, as far as it is on disk."""
    marked = {*digests, *(item.digest for manifest in stored_manifests(root, digests) for item in manifest.references())}
    return {digest for digest in marked if os.path.isfile(os.path.join(root, blob_path(digest)))}
