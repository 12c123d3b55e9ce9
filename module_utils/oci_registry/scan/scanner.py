# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One scan of one store: links first, then the blobs in the order of the disk, then a judgement of each repository.

A registry may be running and writing meanwhile. So whatever looks broken is looked at again before it is reported.
"""

from __future__ import annotations

import gc
import os
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Optional, Set, Tuple

from ..errors import BadInput, NotAStore, StoreUnreadable
from ..findings import Finding
from ..judge import judge
from ..report import Report
from ..store.accepts import DIALECTS
from ..store.blobs import Blobs, Shard
from ..store.catalog import Catalog
from ..store.find import AUTO, CACHE, MODES, detect_mode
from ..store.layout import BASE, BASE_PARTS
from ..store.linkreader import LinkReader
from ..store.links import RepositoryLinks
from ..store.reader import Blind, Reader
from ..view import MISSING, Fault, RepositoryView
from .answers import ABSENT_STATES, CONTENT, LINKS, SIZES
from .diskonly import DiskOnly
from .observe import Observer
from .parallel import Cancelled, Runner

PROOFS = (LINKS, SIZES, CONTENT)
Progress = Callable[[str, int, int], None]

_CAVEATS = {
    LINKS: "proof 'links' compares no sizes: a truncated blob passes it",
    SIZES: "proof 'sizes' hashes manifests, but no blobs: wrong bytes of the right size pass it",
}
_UNSERVABLE = "the folder {!r} is no repository name: no registry can serve it, and garbage collection stops at it"
_CACHE_CAVEAT = "taken for a pull-through cache: what is not there was never pulled, or has expired, and is no fault"


def scan(
    root: str,
    *,
    mode: str = AUTO,
    proof: str = SIZES,
    dialect: str = DIALECTS[0],
    threads: int = 0,
    progress: Optional[Progress] = None,
    cancel: Optional[Callable[[], bool]] = None,
    name: str = "",
) -> Report:
    """Scan the store whose rootdirectory is ``root``; see :func:`store.find_stores` for finding it.

    ``mode``: auto, hosted or cache. ``proof``: links, sizes or content. ``dialect``: "2" or "3", the major version of the
    Distribution that serves the store. ``threads``: 0 adapts to the disk. ``progress`` hears (phase, done, total); ``cancel`` is asked
    now and then and ends the scan by returning True, which the report says. ``name`` stands for the store in the report's target.

    Raises :class:`BadInput`, :class:`NotAStore` or :class:`StoreUnreadable`. What can be read only in part is in ``problems``.
    """
    for value, choices in ((mode, MODES), (proof, PROOFS), (dialect, DIALECTS)):
        if value not in choices:
            raise BadInput(f"{value!r} is none of {', '.join(choices)}", where="scan")
    job = _Scan(os.path.abspath(root), detect_mode(root) if mode == AUTO else mode, proof, dialect)
    runner = Runner(threads, cancel)
    started = time.monotonic()
    with _no_garbage_collection(), ExitStack() as stack:
        job.open(stack)
        try:
            job.run(runner, progress or (lambda _phase, _done, _total: None))
        except Cancelled:
            job.reader.note("", "was not scanned to the end: cancelled")
    return job.report(name, round(time.monotonic() - started, 3))


class _Scan:
    """What one scan works on."""

    def __init__(self, root: str, mode: str, proof: str, dialect: str) -> None:
        self.reader = Reader(root)
        self._is_cache = mode == CACHE
        self._proof = proof
        self._dialect = dialect
        self._base = -1
        self._repositories: Optional[int] = None
        self._links: Dict[str, RepositoryLinks] = {}
        self._findings: List[Finding] = []
        self._legacy: List[str] = []
        self._unservable: List[str] = []
        self._shard_bytes: List[int] = []
        keys = ("repositories", "tags", "indexes", "manifests", "blobs", "files", "bytes", "partial")
        self._counts: Dict[str, Any] = dict.fromkeys(keys, 0)

    def open(self, stack: ExitStack) -> None:
        """Open the folders that everything else starts from; ``stack`` closes them."""
        try:
            root = self.reader.open_root()
            stack.callback(os.close, root)
            base = self.reader.open_path(root, BASE_PARTS, "")
            if base is None:
                raise NotAStore(f"holds no {BASE}", where=self.reader.root, advice="Give the rootdirectory of a registry")
            stack.callback(os.close, base)
            self._base = base
        except Blind as problem:
            advice = "Run as the user that the registry runs as, or as root; give the real folder, not a link"
            raise StoreUnreadable(str(problem), advice=advice) from None
        try:
            self._repositories = self.reader.open_path(base, ("repositories",), BASE)
        except Blind:
            return
        if self._repositories is not None:
            stack.callback(os.close, self._repositories)

    def run(self, runner: Runner, progress: Progress) -> None:
        """All phases, in order."""
        if self._repositories is None:
            return
        catalog = Catalog(self.reader, self._repositories)
        self._unservable = catalog.unservable
        reader = LinkReader(self.reader, self._repositories)
        runner.run(catalog.names, partial(self._read_links, reader), _told(progress, "repositories", len(catalog.names)))
        blobs = Blobs(self.reader, self._base, self._dialect, self._proof == CONTENT)
        shards = blobs.shards()
        runner.run(shards, partial(self._load, blobs, self._manifest_digests()), _told(progress, "blobs", len(shards)))
        judged = _told(progress, "judging", len(catalog.names))
        Runner(1).run(catalog.names, partial(self._judge, reader, blobs), judged)

    def _read_links(self, reader: LinkReader, name: str) -> None:
        self._links[name] = reader.read(name)

    def _manifest_digests(self) -> Set[str]:
        """Everything that should be a manifest, by the links."""
        digests: Set[str] = set()
        for links in self._links.values():
            digests.update(links.revisions.targets())
            digests.update(links.tags.values())
        return digests

    def _load(self, blobs: Blobs, manifests: Set[str], shard: Shard) -> None:
        self._shard_bytes.append(blobs.load(shard, manifests))

    def _judge(self, reader: LinkReader, blobs: Blobs, name: str) -> None:
        links = self._links.pop(name)
        view, findings, partial_count = self._look(links, blobs)
        if findings:
            blobs.forget([finding.digest for finding in findings])
            links = reader.read(name)
            view, findings, partial_count = self._look(links, blobs)
        self._findings.extend(findings)
        self._legacy.extend(f"{name}:{tag}" for tag in view.legacy)
        self._counts["partial"] += partial_count
        self._count(view, links)

    def _look(self, links: RepositoryLinks, blobs: Blobs) -> Tuple[RepositoryView, List[Finding], int]:
        """The view of one repository, its findings, and how much a pull-through cache merely does not hold."""
        view = Observer(links, blobs, self._proof, self._dialect).view
        disk_only = DiskOnly(view, links, blobs)
        view.disk_findings.extend(disk_only.invalid_links())
        orphans = disk_only.orphan_links()
        if self._is_cache:
            partial_count = len(orphans) + _forgive(view)
            return view, judge(view), partial_count
        view.disk_findings.extend(orphans)
        return view, judge(view), 0

    def _count(self, view: RepositoryView, links: RepositoryLinks) -> None:
        counts = self._counts
        indexes = sum(manifest.kind == "index" for manifest in view.manifests.values())
        counts["repositories"] += 1
        counts["tags"] += len(view.tags) + sum(tag not in view.tags for tag in view.tag_faults)
        counts["indexes"] += indexes
        counts["manifests"] += len(view.manifests) - indexes
        counts["blobs"] += len(view.sizes) - len(view.manifests) + len(view.blob_faults)
        counts["files"] += links.files

    def report(self, name: str, seconds: float) -> Report:
        """What was found."""
        target = f"{name} ({self.reader.root})" if name else self.reader.root
        summary = dict(self._counts, bytes=sum(self._shard_bytes), seconds=seconds)
        return Report("disk", target, self._proof, self._findings, summary, self.reader.problems, self._legacy, self._caveats())

    def _caveats(self) -> List[str]:
        caveats = [_CAVEATS[self._proof]] if self._proof in _CAVEATS else []
        if self._is_cache:
            caveats.append(_CACHE_CAVEAT)
        caveats += map(_UNSERVABLE.format, self._unservable)
        return caveats


def _forgive(view: RepositoryView) -> int:
    """Take what a pull-through cache merely does not hold out of the faults; return how much that was."""
    return sum(map(_drop_absent, (view.tag_faults, view.manifest_faults, view.blob_faults)))


def _drop_absent(faults: Dict[str, Fault]) -> int:
    absent = [key for key, fault in faults.items() if fault.symptom == MISSING and fault.state in ABSENT_STATES]
    for key in absent:
        del faults[key]
    return len(absent)


def _told(progress: Progress, phase: str, total: int) -> Callable[[int], None]:
    return lambda done: progress(phase, done, total)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Nothing here makes cycles, and looking for them among a million tuples takes a third of a warm scan."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
