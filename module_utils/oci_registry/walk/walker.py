# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The walk of a whole registry, or of chosen repositories or images: many repositories, one report."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import Dict, Iterable, Iterator, List, Optional, Sequence, Set

from ..client import Client
from ..errors import BadInput, RegistryError, RegistryUnavailable, Unreachable
from ..findings import Finding
from ..judge import judge, lost_subjects
from ..reference import Reference, is_repository
from ..report import LESS_PROOF, MAY_MASK, Report
from .elsewhere import Asking, Elsewhere
from .outcome import MAX_SHOWN, Hear, Look, Outcome, Progress, odd, summarize
from .pool import Task, TaskPool
from .repository import Host, Options, RepositoryWalk

PROOFS = ("manifests", "head", "bytes", "content")
#: This many requests in a row that found no registry end the walk: it died, and each further try would only wait.
PATIENCE = 3
_THE_REST, _CATALOG = "the rest", "the catalog"  # beside names of repositories, so nothing that one can be named
_ASKED = "{name}, asked for what referrers in other repositories are about"  # it may have been walked whole before
_CUT = "cut short before its end"
_NO_REPOSITORY = "the catalog lists {name!r}, which is no repository name: no registry can serve it"


class Walk:
    """One walk. ``run()`` once; the report says what was seen, however it ended."""

    def __init__(
        self,
        client: Client,
        options: Options = Options(),
        *,
        concurrency: int = 8,
        progress: Optional[Progress] = None,
        look: Optional[Look] = None,
        hear: Optional[Hear] = None,
    ) -> None:
        if options.proof not in PROOFS:
            raise BadInput(f"proof {options.proof!r} is none of {', '.join(PROOFS)}")
        self._client = client
        self._options = options
        self._progress = progress
        self._look = look
        self._hear = hear
        self._pool = TaskPool(concurrency)
        self._host = Host(client, self._pool, options, self._failed, self._succeeded, self._finished)
        self._lock = threading.Lock()
        self._findings: List[Finding] = []
        self._legacy: List[str] = []
        self._problems: Dict[str, str] = {}
        self._counts = dict.fromkeys(("repositories", "tags", "indexes", "manifests", "blobs", "bytes"), 0)
        self._left_out = 0
        self._caveats: List[str] = []
        self._first_error: Optional[RegistryError] = None
        self._failures_in_a_row = 0
        self._seen_anything = False
        self.interrupted = False  # by Ctrl-C, which is not passed on
        self._open: Set[RepositoryWalk] = set()
        self._names: Optional[Sequence[str]] = None  # of all repositories there are, where that is known
        self._elsewhere = Elsewhere()
        self._held: Set[RepositoryWalk] = set()  # all is looked at; referrers in them may be about what another repository serves
        self._settling = False

    def catalog(self) -> Report:
        """Walk every repository that the registry lists."""
        names: List[str] = []
        self._names = names
        return self._run(self._catalog_tasks(names))

    def repositories(self, names: Iterable[str], *, must_exist: bool = True, every: Optional[Sequence[str]] = None) -> Report:
        """Walk the named repositories, all tags of each, in this order. The next name is taken when there is time for it.

        ``must_exist``: one that the registry does not know could not be looked at, rather than has no tags. ``every``: the names of all
        repositories there are, where that is known.
        """
        self._names = every
        return self._run(self._opened(name, must_exist=must_exist) for name in names)

    def images(self, references: Sequence[Reference]) -> Report:
        """Walk the named images only."""
        by_repository: Dict[str, List[str]] = {}
        for reference in references:
            wanted = by_repository.setdefault(reference.repository, [])
            if reference.target not in wanted:
                wanted.append(reference.target)
        return self._run(iter([self._opened(name, wanted) for name, wanted in by_repository.items()]))

    def cancel(self) -> None:
        """End the walk from another thread; the report will be incomplete."""
        self._problems.setdefault(_THE_REST, "cancelled before the end")
        self._pool.stop()

    def _opened(self, name: str, wanted: Optional[List[str]] = None, must_exist: bool = False) -> Task:
        repository = RepositoryWalk(self._host, name, wanted, must_exist=must_exist)
        with self._lock:
            self._open.add(repository)
        return repository.start

    def _catalog_tasks(self, names: List[str]) -> Iterator[Task]:
        try:
            for name in self._client.repositories():
                self._succeeded()
                if is_repository(name):
                    names.append(name)
                    yield self._opened(name)
                else:
                    self._caveats.append(_NO_REPOSITORY.format(name=name[:MAX_SHOWN]))
            self._succeeded()
        except RegistryError as error:
            self._failed(_CATALOG, error)
            self._pool.stop()

    def _run(self, source: Iterator[Task]) -> Report:
        began = time.monotonic()
        try:
            self._pool.run(source, self._tick)
            self._settle()
        except KeyboardInterrupt:
            self.interrupted = True
            self._problems.setdefault(_THE_REST, "interrupted before the end")
        finally:
            self._client.close()
        if self._pool.ended:
            for repository in list(self._open):  # cut short: what was seen of them still counts
                self._conclude(repository, cut=repository not in self._held or self._is_cut_off(repository))
        if self._first_error is not None and not self._seen_anything:
            raise self._first_error
        return self._report(time.monotonic() - began)

    def _report(self, seconds: float) -> Report:
        summary: Dict[str, object] = dict(self._counts)
        summary.update(requests=self._client.requests, bytes_received=self._client.bytes_received, seconds=round(seconds, 3))
        caveats = [MAY_MASK]
        if self._options.proof in ("manifests", "head"):
            caveats.insert(0, LESS_PROOF.format(proof=self._options.proof))
        if self._left_out:
            caveats.append(f"{self._left_out} tags were not looked at (tags_per_repository={self._options.tags_per_repository})")
        caveats.extend(sorted(self._caveats) + self._elsewhere.caveats(self._names is not None))
        problems = [f"{what}: {why}" for what, why in self._problems.items()]
        return Report(
            "http",
            self._client.address,
            self._options.proof,
            list(self._findings),
            summary,
            problems,
            sorted(self._legacy),
            caveats,
        )

    # -- called by the repositories, from any thread

    def _succeeded(self) -> None:
        self._seen_anything = True
        self._failures_in_a_row = 0

    def _failed(self, what: str, error: RegistryError) -> None:
        with self._lock:
            self._first_error = self._first_error or error
            self._problems.setdefault(what, str(error))
            if isinstance(error, (Unreachable, RegistryUnavailable)):
                self._failures_in_a_row += 1
            if self._failures_in_a_row >= PATIENCE:
                self._problems.setdefault(_THE_REST, f"given up after {PATIENCE} requests in a row without an answer")
                self._pool.stop()

    def _finished(self, repository: RepositoryWalk) -> None:
        with self._lock:
            if not self._settling:
                self._elsewhere.note(repository.view)
                if repository.view.elsewhere and self._names is not None:
                    repository.let_go()
                    self._held.add(repository)
                    return
        self._conclude(repository)

    def _settle(self) -> None:
        """Judge the repositories with referrers whose subjects they lack, by what the others serve."""
        self._settling = True
        held = sorted(self._held, key=lambda each: each.view.name)
        if not held or self._names is None:
            return
        asking = Asking(self._client, self._names, self._succeeded, self._not_told, lambda: not self._pool.stopped.is_set())
        self._pool.run(iter([lambda: self._elsewhere.ask([each.view for each in held], asking)]), self._tick)
        nowhere = self._elsewhere.nowhere
        accused = [each for each in held if each.view.elsewhere & nowhere]
        self._held.difference_update(accused)
        self._pool.run(iter([partial(each.accuse, nowhere) for each in accused]), self._tick)

    def _not_told(self, name: str, error: RegistryError) -> None:
        self._failed(_ASKED.format(name=name), error)

    def _is_cut_off(self, repository: RepositoryWalk) -> bool:
        """Whether the walk ended before it could tell whether something is to be held against a repository that waited for that."""
        return (self.interrupted or self._pool.stopped.is_set()) and bool(self._elsewhere.undecided(repository.view))

    def _conclude(self, repository: RepositoryWalk, cut: bool = False) -> None:
        view = repository.view
        if cut:
            view.elsewhere.update(lost_subjects(view))
        findings = judge(view)
        counts = summarize(view)
        with self._lock:
            self._elsewhere.conclude(view)
            if self._look is not None:
                self._look(view)
            if self._hear is not None:
                self._hear(Outcome(view, findings, counts, self._problems.get(view.name, _CUT if cut else "")))
            self._open.discard(repository)
            self._findings.extend(findings)
            self._legacy.extend(f"{view.name}:{tag}" for tag in view.legacy)
            self._counts["repositories"] += 1
            for name, count in counts.items():
                self._counts[name] += count
            self._left_out += repository.left_out
            if repository.odd_tags:
                self._caveats.append(odd(view.name, repository.odd_tags))

    def _tick(self) -> None:
        if self._progress is not None:
            self._progress(dict(self._counts, requests=self._client.requests, findings=len(self._findings)))


def walk(
    client: Client,
    *,
    images: Sequence[Reference] = (),
    repositories: Sequence[str] = (),
    concurrency: int = 8,
    options: Options = Options(),
    progress: Optional[Progress] = None,
    look: Optional[Look] = None,
) -> Report:
    """Walk ``images`` if any are given, else ``repositories`` if any are given, else the whole catalog.

    ``look`` is shown the facts of each repository when they are complete.

    Raises a :class:`RegistryError` if nothing at all could be looked at; otherwise what could not be is in ``report.problems``.
    """
    job = Walk(client, options, concurrency=concurrency, progress=progress, look=look)
    if images:
        return job.images(images)
    return job.repositories(dict.fromkeys(repositories)) if repositories else job.catalog()
