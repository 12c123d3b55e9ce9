# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the gate of a collection needs to know of the store: what of the garbage is needed, and by whom. One scan tells it all."""

from __future__ import annotations

import os
from typing import Any, Dict, FrozenSet, Iterable, List, Set, Tuple

from ..model import Manifest
from ..plans.collection import Holdings, Need, Push
from ..plans.dryrun import DryRun
from ..reach import subject_of_tag
from ..scan import Study, scan
from ..store.catalog import Catalog
from ..store.layout import BASE, blob_path, repository_path
from ..store.links import RepositoryLinks
from ..store.reader import Blind, Reader
from ..view import RepositoryView
from .prospect import NOTHING_GONE, Gone, without
from .stored import stored_manifests
from .uploads import find_uploads, young_blobs, young_manifests

Found = Dict[str, Any]


def look_at_garbage(
    root: str, dry_run: DryRun, dialect: str, grace: float, gone: Gone = NOTHING_GONE, *, proof: str = "sizes"
) -> Holdings:
    """Scan the store with the answer of a dry run at hand.

    ``grace``: seconds for which what is not named yet may be a push. ``gone``: manifests that are taken to be deleted, and their tags.
    """
    garbage = frozenset(dry_run.blobs | {digest for _repository, digest in dry_run.manifests | dry_run.layer_links})
    found: List[Found] = []
    report = scan(root, mode="hosted", proof=proof, dialect=dialect, study=Study(_Look(garbage, dry_run, gone), found.append))
    serving = frozenset(each["repository"] for each in found if each["serves"])
    uploads = find_uploads(root, grace)
    unservable = _unservable(root)
    return Holdings(
        findings=[each for each in report.findings if (each.parent or each.digest) not in gone.get(each.repository, ())],
        problems=report.problems,
        unservable=unservable,
        serving=serving,
        without_tags=_without(root, serving, "_manifests/tags"),
        without_layers=_without(root, serving, "_layers"),
        needs=[Need(each["repository"], digest, role, tuple(tags)) for each in found for digest, role, tags in each["needs"]],
        pushes=[*uploads.in_flight, *_unnamed(root, dry_run, found, grace)],
        notes=uploads.stale,
        layers=[(each["repository"], digest) for each in found for digest in each["layers"]],
        garbage_bytes=sum(_size(root, digest) for digest in dry_run.blobs),
    )


class _Look:
    """The study of one repository; runs in the processes of the scan."""

    def __init__(self, garbage: FrozenSet[str], dry_run: DryRun, gone: Gone) -> None:
        self._garbage = garbage
        self._dry_run = dry_run
        self._gone = gone

    def __call__(self, view: RepositoryView, links: RepositoryLinks) -> Found:
        left = without(view, self._gone)
        needs = [need for need in self._needs(left) if self._would_go(view.name, *need)] if self._garbage else []
        return {
            "repository": view.name,
            "serves": bool(links.revisions.sound or links.revisions.odd),
            "needs": needs,
            "layers": sorted(self._dry_run.blobs & links.layers.sound),
        }

    def _would_go(self, repository: str, digest: str, role: str, _tags: List[str]) -> bool:
        """A blob for everybody, a link only for its own repository."""
        run = self._dry_run
        links = run.manifests if role == "manifest" else run.layer_links
        return digest in run.blobs or (repository, digest) in links

    def _needs(self, view: RepositoryView) -> List[Tuple[str, str, List[str]]]:
        """(digest, role, tags) of all garbage that the repository needs, for a tag or for a manifest that it serves without one."""
        manifests = {*view.manifests, *view.manifest_faults, *view.tags.values()}
        hit = self._garbage & {*manifests, *view.sizes, *view.blob_faults}
        if not hit:
            return []
        tags_of: Dict[str, List[str]] = {}
        for tag, needed in _needs_of_tags(view).items():
            for digest in needed & hit:
                tags_of.setdefault(digest, []).append(tag)
        return [(each, "manifest" if each in manifests else "blob", sorted(tags_of.get(each, []))) for each in sorted(hit)]


def _needs_of_tags(view: RepositoryView) -> Dict[str, Set[str]]:
    """Each tag with all that it needs, and all that is about it: referrers, and what they in turn are about."""
    about: Dict[str, Set[str]] = {}
    for digest, manifest in view.manifests.items():
        if manifest.subject is not None:
            about.setdefault(manifest.subject.digest, set()).add(digest)
    by_digest: Dict[str, Set[str]] = {}
    needs: Dict[str, Set[str]] = {}
    for tag, digest in view.tags.items():
        if digest not in by_digest:
            by_digest[digest] = _closure(digest, view.manifests, about)
        subject = subject_of_tag(tag)
        needs[tag] = by_digest[digest] | ({subject} if subject is not None else set())
    return needs


def _closure(root: str, manifests: Dict[str, Manifest], about: Dict[str, Set[str]]) -> Set[str]:
    needed: Set[str] = set()
    waiting = [root]
    while waiting:
        digest = waiting.pop()
        if digest in needed:
            continue
        needed.add(digest)
        waiting.extend(about.get(digest, ()))
        manifest = manifests.get(digest)
        if manifest is not None:
            waiting.extend(child.digest for child in manifest.children)
            waiting.extend([manifest.subject.digest] if manifest.subject is not None else [])
            needed.update(blob.digest for blob in manifest.blobs())
    return needed


def _unnamed(root: str, dry_run: DryRun, found: List[Found], grace: float) -> List[Push]:
    """What was uploaded not long ago and is garbage so far. What a deleted manifest names is none of it: that push is over."""
    links = [(each["repository"], digest) for each in found for digest in each["layers"]]
    pushes = young_blobs(root, links, grace)
    if pushes:
        linked = {digest for _repository, digest in links}
        over = _named_by(root, dry_run.blobs - linked)
        pushes = [push for push in pushes if push.digest not in over]
    return pushes + young_manifests(root, sorted(dry_run.manifests), grace)


def _named_by(root: str, digests: Iterable[str]) -> Set[str]:
    """All blobs that those of the digests name that are manifests."""
    return {blob.digest for manifest in stored_manifests(root, digests) for blob in manifest.blobs()}


def _size(root: str, digest: str) -> int:
    try:
        return os.lstat(os.path.join(root, blob_path(digest))).st_size
    except OSError:
        return 0


def _without(root: str, repositories: Iterable[str], folder: str) -> List[str]:
    """The repositories that lack this folder."""
    return sorted(name for name in repositories if not os.path.isdir(os.path.join(root, repository_path(name), folder)))


def _unservable(root: str) -> List[str]:
    """Folders that a collection takes for repositories, and whose names none may have."""
    reader = Reader(root)
    try:
        folder = os.open(os.path.join(root, BASE, "repositories"), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:  # none yet; what cannot be read, the scan says
        return []
    try:
        return Catalog(reader, folder).unservable
    except Blind:
        return []
    finally:
        os.close(folder)
