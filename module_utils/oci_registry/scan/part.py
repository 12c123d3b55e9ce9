# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The scan of some repositories of one store: links first, then the blobs in the order of the disk, then a judgement of each.

A registry may be running and writing meanwhile. So whatever looks broken is looked at again before it is reported.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from ..findings import Finding
from ..judge import judge, lost_subjects
from ..store.blobs import Blobs, Shard
from ..store.linkreader import LinkReader
from ..store.links import RepositoryLinks
from ..store.reader import Reader
from ..view import MISSING, Fault, RepositoryView
from .answers import ABSENT_STATES, CONTENT
from .diskonly import DiskOnly
from .elsewhere import Elsewhere
from .observe import Observer
from .parallel import Runner, cores

Progress = Callable[[str, int, int], None]  # phase, done, total

COUNTS = ("repositories", "tags", "indexes", "manifests", "blobs", "files", "bytes", "partial")


class Options(NamedTuple):
    """What to prove, of what kind of store."""

    is_cache: bool
    proof: str
    dialect: str


class Study(NamedTuple):
    """What somebody else wants to know of each repository, while it is at hand: so nothing is read twice.

    ``look`` makes plain JSON data of what was found there; it may run in another process. ``take`` hears it in this one.
    """

    look: Callable[[RepositoryView, RepositoryLinks], Any]
    take: Callable[[Any], None]


class _Seen(NamedTuple):
    """One look at one repository; ``absent``: how much a pull-through cache merely does not hold."""

    view: RepositoryView
    findings: List[Finding]
    absent: int


class Part:
    """One scan's work on some repositories. ``base`` and ``repositories`` are the open folders ``docker/registry/v2`` and below it."""

    def __init__(
        self,
        reader: Reader,
        base: int,
        repositories: int,
        options: Options,
        study: Optional[Study] = None,
        every: Sequence[str] = (),
    ) -> None:
        """``every``: the names of all repositories of the store."""
        self.findings: List[Finding] = []
        self.legacy: List[str] = []
        self.counts: Dict[str, int] = dict.fromkeys(COUNTS, 0)
        self._options = options
        self._study = study
        self._link_reader = LinkReader(reader, repositories)
        self._blobs = Blobs(reader, base, options.dialect)
        self._links: Dict[str, RepositoryLinks] = {}
        self._elsewhere = Elsewhere(self._link_reader, self._blobs, options.dialect, every)
        self._held: Dict[str, Set[str]] = {}  # repository: subjects of its referrers that another one may serve
        self._nowhere: Set[str] = set()  # subjects that no repository serves

    def run(self, names: Sequence[str], runner: Runner, progress: Progress) -> None:
        """Scan the repositories ``names``; raises :class:`parallel.Cancelled`."""
        runner.run(names, self._read_links, partial(_tell, progress, "repositories", len(names)))
        manifests, wanted = self._linked()
        self._blobs.want(wanted, hash_small=self._options.proof == CONTENT)
        shards = self._blobs.shards()
        runner.run(shards, partial(self._load, manifests), partial(_tell, progress, "blobs", len(shards)))
        if self._options.proof == CONTENT:
            self._hash(runner, progress)
        runner.with_threads(1).run(names, self._judge, partial(_tell, progress, "judging", len(names)))
        self._judge_held()

    def result(self) -> Dict[str, Any]:
        """What was found so far, as plain data."""
        findings = [finding.as_dict() for finding in self.findings]
        return {"findings": findings, "legacy": self.legacy, "counts": self.counts}

    def _read_links(self, name: str) -> None:
        self._links[name] = self._link_reader.read(name)

    def _linked(self) -> Tuple[Set[str], Set[str]]:
        """The digests of everything that should be a manifest, and of all blobs, manifests included, by the links."""
        manifests: Set[str] = set()
        blobs: Set[str] = set()
        for links in self._links.values():
            manifests.update(links.revisions.targets())
            manifests.update(links.tags.values())
            blobs.update(links.layers.targets())
        return manifests, blobs | manifests

    def _load(self, manifests: Set[str], shard: Shard) -> None:
        self._blobs.load(shard, manifests)

    def _hash(self, runner: Runner, progress: Progress) -> None:
        """Hash every large blob: by as many threads as there are cores, since hashing lets them run at once."""
        waiting = self._blobs.unhashed()
        told = partial(_tell, progress, "hashing", len(waiting))
        runner.with_threads(cores()).run(waiting, self._blobs.hash_ahead, told)

    def _judge(self, name: str) -> None:
        links = self._links.pop(name)
        seen = self._look(links)
        if seen.view.elsewhere:
            self._held[name] = seen.view.elsewhere
        else:
            self._conclude(links, seen)

    def _judge_held(self) -> None:
        """Judge the repositories with referrers whose subjects they lack, by what the others serve."""
        lost: Set[str] = set().union(*self._held.values())
        self._nowhere = lost - self._elsewhere.served(lost)
        for name in self._held:
            links = self._link_reader.read(name)
            self._conclude(links, self._look(links))

    def _conclude(self, links: RepositoryLinks, seen: _Seen) -> None:
        if seen.findings:
            self._blobs.forget([finding.digest for finding in seen.findings])
            links = self._link_reader.read(links.name)
            seen = self._look(links)
        self.findings.extend(seen.findings)
        self.legacy.extend(f"{links.name}:{tag}" for tag in seen.view.legacy)
        self._count(seen.view, links, seen.absent)
        if self._study is not None:
            self._study.take(self._study.look(seen.view, links))

    def _look(self, links: RepositoryLinks) -> _Seen:
        view = Observer(links, self._blobs, self._options.proof, self._options.dialect).view
        disk_only = DiskOnly(view, links, self._blobs)
        view.disk_findings.extend(disk_only.invalid_links())
        orphans = disk_only.orphan_links()
        absent = 0
        if self._options.is_cache:
            absent = len(orphans) + _forgive(view)
        else:
            view.disk_findings.extend(orphans)
        view.elsewhere.update(lost_subjects(view) - self._nowhere)
        return _Seen(view, judge(view), absent)

    def _count(self, view: RepositoryView, links: RepositoryLinks, absent: int) -> None:
        indexes = sum(manifest.kind == "index" for manifest in view.manifests.values())
        found = {
            "repositories": 1,
            "tags": len(links.tags) + len(links.dead_tags),
            "indexes": indexes,
            "manifests": len(view.manifests) - indexes,
            "blobs": len(view.sizes) - len(view.manifests) + len(view.blob_faults),
            "files": links.files + len(view.sizes),
            "bytes": sum(view.sizes.values()),
            "partial": absent,
        }
        for key, count in found.items():
            self.counts[key] += count


def _tell(progress: Progress, phase: str, total: int, done: int) -> None:
    progress(phase, done, total)


def _forgive(view: RepositoryView) -> int:
    """Take what a pull-through cache merely does not hold out of the faults; return how much that was."""
    return sum(map(_drop_absent, (view.tag_faults, view.manifest_faults, view.blob_faults)))


def _drop_absent(faults: Dict[str, Fault]) -> int:
    absent = [key for key, fault in faults.items() if fault.symptom == MISSING and fault.state in ABSENT_STATES]
    for key in absent:
        del faults[key]
    return len(absent)
