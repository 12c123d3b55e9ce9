# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One scan of one store, from its rootdirectory to a report."""

from __future__ import annotations

import gc
import os
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from ..errors import BadInput, NotAStore, StoreUnreadable
from ..findings import Finding
from ..report import Report
from ..store.accepts import DIALECTS
from ..store.catalog import Catalog
from ..store.find import AUTO, CACHE, HOSTED, MODES, detect_mode
from ..store.layout import BASE, BASE_PARTS
from ..store.reader import Blind, Reader
from .answers import CONTENT, LINKS, SIZES
from .parallel import Cancelled, Runner
from .part import COUNTS, Options, Part, Progress, Study
from .workers import JointProgress, Message, Send, Workers, how_many

PROOFS = (LINKS, SIZES, CONTENT)

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
    study: Optional[Study] = None,
) -> Report:
    """Scan the store whose rootdirectory is ``root``; see :func:`store.find_stores` for finding it.

    ``mode``: auto, hosted or cache. ``proof``: links, sizes or content. ``dialect``: "2" or "3", the major version of the
    Distribution that serves the store. ``threads``: 0 adapts to machine and disk, any other number keeps to one process with so many
    threads. ``progress`` hears (phase, done, total); ``cancel`` is asked now and then and ends the scan by returning True, which the
    report says. ``name`` is part of the report's target.
    ``study`` looks at each repository in passing.

    Raises :class:`BadInput`, :class:`NotAStore` or :class:`StoreUnreadable`. What can be read only in part is in ``problems``.
    """
    for value, choices in ((mode, MODES), (proof, PROOFS), (dialect, DIALECTS)):
        if value not in choices:
            raise BadInput(f"{value!r} is none of {', '.join(choices)}", where="scan")
    root = os.path.abspath(root)
    is_cache = (detect_mode(root) if mode == AUTO else mode) == CACHE
    started = time.monotonic()
    with _no_garbage_collection(), ExitStack() as stack:
        job = _Scan(root, Options(is_cache, proof, dialect), stack, study)
        try:
            job.run(threads, cancel, progress or (lambda _phase, _done, _total: None))
        except Cancelled:
            job.reader.note("", "was not scanned to the end: cancelled")
    return job.report(name, round(time.monotonic() - started, 3))


class _Scan:
    """The work on one store, done here or by several processes, and what came of it."""

    def __init__(self, root: str, options: Options, stack: ExitStack, study: Optional[Study]) -> None:
        """Opens the folders that everything starts from; ``stack`` closes them."""
        self.reader = Reader(root)
        self._options = options
        self._study = study
        self._base, self._repositories = _open(self.reader, stack)
        self._findings: List[Finding] = []
        self._problems: List[str] = []  # of the other processes
        self._legacy: List[str] = []
        self._unservable: List[str] = []
        self._counts: Dict[str, int] = dict.fromkeys(COUNTS, 0)

    def run(self, threads: int, cancel: Optional[Callable[[], bool]], progress: Progress) -> None:
        """Scan all repositories."""
        if self._repositories == -1:
            return
        catalog = Catalog(self.reader, self._repositories)
        self._unservable = catalog.unservable
        workers = 1 if threads or self._options.proof == CONTENT else how_many(len(catalog.names))
        if workers == 1:
            part = Part(self.reader, self._base, self._repositories, self._options, self._study, catalog.names)
            try:
                part.run(catalog.names, Runner(threads, cancel), progress)
            finally:
                self._take(part.result())
            return
        shares = [catalog.names[number::workers] for number in range(workers)]
        told = JointProgress(progress)
        work = partial(self._work, catalog.names)
        for worker, message in Workers(shares, work).messages(cancel):
            if "progress" in message:
                told(worker, *message["progress"])
            elif "studied" in message and self._study is not None:
                self._study.take(message["studied"])
            else:
                self._take(message)

    def _work(self, every: Sequence[str], share: Sequence[str], send: Send) -> None:
        """What another process does with its share of all repositories."""
        reader = Reader(self.reader.root)
        study = self._study and self._study._replace(take=lambda studied: send({"studied": studied}))
        part = Part(reader, self._base, self._repositories, self._options, study, every)
        part.run(share, Runner(), lambda *progress: send({"progress": progress}))
        send(dict(part.result(), problems=reader.problems))

    def _take(self, result: Message) -> None:
        """Add what one part found."""
        self._findings.extend(map(Finding.from_dict, result["findings"]))
        self._legacy.extend(result["legacy"])
        self._problems.extend(result.get("problems", ()))
        for key, count in result["counts"].items():
            self._counts[key] += count

    def report(self, name: str, seconds: float) -> Report:
        """What was found."""
        target = f"{name} ({self.reader.root})" if name else self.reader.root
        problems = sorted({*self.reader.problems, *self._problems})
        summary: Dict[str, Any] = dict(self._counts, seconds=seconds, mode=CACHE if self._options.is_cache else HOSTED)
        return Report(
            "disk", target, self._options.proof, self._findings, summary, problems, sorted(self._legacy), self._caveats()
        )

    def _caveats(self) -> List[str]:
        caveats = [_CAVEATS[self._options.proof]] if self._options.proof in _CAVEATS else []
        if self._options.is_cache:
            caveats.append(_CACHE_CAVEAT)
        return caveats + [_UNSERVABLE.format(name) for name in self._unservable]


def _open(reader: Reader, stack: ExitStack) -> Tuple[int, int]:
    """The open folders ``docker/registry/v2`` and its ``repositories``; -1 for the second where there is none yet, or no way in."""
    try:
        root = reader.open_root()
        stack.callback(os.close, root)
        base = reader.open_path(root, BASE_PARTS, "")
    except Blind as problem:
        advice = "Run as the user that the registry runs as, or as root; give the real folder, not a link"
        raise StoreUnreadable(str(problem), advice=advice) from None
    if base is None:
        raise NotAStore(f"holds no {BASE}", where=reader.root, advice="Give the rootdirectory of a registry")
    stack.callback(os.close, base)
    try:
        repositories = reader.open_path(base, ("repositories",), BASE)
    except Blind:
        return base, -1
    if repositories is None:
        return base, -1
    stack.callback(os.close, repositories)
    return base, repositories


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
