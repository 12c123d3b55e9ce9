# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One look at one registry within a budget of time: as many repositories as fit, those that waited longest first."""

from __future__ import annotations

import threading
import time
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Set

from ..client import Client, Settings
from ..errors import AuthenticationFailed, NotARegistry, ProtocolError, RegistryError, RegistryUnavailable, Unreachable
from ..findings import Finding
from ..reference import is_repository
from ..walk import Options, Outcome, Walk
from .known import Known, Past, count, in_order, most

#: share of the budget after which no further repository is begun
_LAST_CALL = 0.9
#: shares of the budget to wait for a registry that does not answer, before each further try: a restart, or a name server's, is no outage
_WAITS = (0.01, 0.03, 0.1)
_NO_ANSWER = (Unreachable, RegistryUnavailable)
_CLOSED = "If it is only the catalog that is closed, name the repositories"
_LOST = (
    "lists {now}, and had {count} before. Is this the right registry, or does a proxy lead elsewhere? "
    "If that was done on purpose, run once with --allow-empty"
)
_FEW = 2  # so many repositories may be replaced by others without a question
_THE_REST = "the rest: "


class Target(NamedTuple):
    """A registry. ``repositories``: exactly these, and the catalog is not asked; empty for what the catalog lists."""

    settings: Settings
    instance: str
    repositories: Sequence[str] = ()


class Limits(NamedTuple):
    """How hard to look. ``budget`` is in seconds."""

    proof: str
    concurrency: int
    budget: float
    allow_empty: bool = False


class Looked(NamedTuple):
    """What one run learned of one registry.

    ``error`` says why the registry could not be looked at, ``unreadable`` why some of its repositories could not (name: why). ``listed``:
    how many repositories there are; None where that is not known. ``repositories`` is what is known of each now, and ``before`` what was.
    """

    instance: str
    error: str
    unreadable: Dict[str, str]
    unfinished: List[str]
    listed: Optional[int]
    repositories: Dict[str, Past]
    before: Known
    findings: List[Finding]
    counts: Dict[str, int]
    ended: float
    seconds: float
    requests: int
    bytes_received: int
    certificate_not_after: float

    @property
    def complete(self) -> bool:
        """Whether all that was begun could be looked at."""
        return not self.error and not self.unreadable


def look(target: Target, limits: Limits, before: Known) -> Looked:
    """Look once. What kept it from looking is in the result; raises :class:`BadInput` for settings that cannot be used."""
    return _Look(target, limits, before).run()


class _Look:
    def __init__(self, target: Target, limits: Limits, before: Known) -> None:
        self._target, self._limits, self._before = target, limits, before
        self._stopped = threading.Event()
        self._client = Client(target.settings, self._stopped)
        self._walk: Optional[Walk] = None
        self._began = time.monotonic()
        self._names: Optional[List[str]] = None
        self._begun: Set[str] = set()
        self._now: Dict[str, Past] = {}  # what was seen in this run, whole
        self._in_part: Dict[str, Past] = {}
        self._unreadable: Dict[str, str] = {}
        self._findings: List[Finding] = []
        self._counts = dict.fromkeys(("repositories", "tags", "indexes"), 0)

    def run(self) -> Looked:
        """See :func:`look`."""
        timer = threading.Timer(self._limits.budget, self._stop)
        timer.daemon = True
        timer.start()
        try:
            error = self._error()
        finally:
            timer.cancel()
            self._client.close()
        return self._looked(error, time.time())

    def _stop(self) -> None:
        """The budget is used up: end what is under way, and whatever waits for an answer."""
        self._stopped.set()
        if self._walk is not None:
            self._walk.cancel()
        self._client.close()

    def _error(self) -> str:
        """Look, again where nothing answers, and say why that was not possible; empty where it was."""
        for share in _WAITS:
            try:
                return self._tried()
            except _NO_ANSWER:
                if self._stopped.wait(share * self._limits.budget):
                    break
        try:
            return self._tried()
        except RegistryError as error:
            return str(error)

    def _tried(self) -> str:
        """One try of :meth:`_error`. Raises one of _NO_ANSWER where another one may do better."""
        self._begun.clear()
        self._in_part.clear()
        self._unreadable.clear()
        try:
            self._names = self._list()
        except RegistryError as error:
            if isinstance(error, _NO_ANSWER) and not self._stopped.is_set():
                raise
            return self._no_catalog(error)
        return self._lost(self._names) or self._walked(self._names)

    def _lost(self, names: List[str]) -> str:
        """What is said of a registry none of whose repositories is there any more; empty for any other."""
        before = self._before.repositories
        if self._limits.allow_empty or self._target.repositories or not before or not before.keys().isdisjoint(names):
            return ""
        if names and len(before) <= _FEW:
            return ""
        now = f"{len(names)} repositories, none of which it had" if names else "no repository"
        return f"{self._target.settings.registry}: {_LOST.format(now=now, count=len(before))}"

    def _too_slow(self, what: str) -> str:
        return f"{self._client.address}: {what} within the budget of {self._limits.budget:g} s"

    def _list(self) -> List[str]:
        if self._target.repositories:
            return list(dict.fromkeys(self._target.repositories))
        return [name for name in dict.fromkeys(self._client.repositories()) if is_repository(name)]

    def _no_catalog(self, error: RegistryError) -> str:
        if self._stopped.is_set():
            return self._too_slow("did not list its repositories")
        closed = isinstance(error, (AuthenticationFailed, NotARegistry, ProtocolError)) and _CLOSED not in str(error)
        return f"{error}. {_CLOSED}" if closed else str(error)

    def _walked(self, names: List[str]) -> str:
        self._walk = Walk(self._client, Options(self._limits.proof), concurrency=self._limits.concurrency, hear=self._hear)
        try:
            named = bool(self._target.repositories)
            report = self._walk.repositories(self._in_time(names), must_exist=named, every=None if named else names)
        except RegistryError as error:
            if self._stopped.is_set():
                return self._too_slow(f"finished none of {len(names)} repositories")
            if isinstance(error, _NO_ANSWER):
                raise
            return str(error)
        if self._walk.interrupted:
            raise KeyboardInterrupt  # nothing is reported of a run that somebody ended
        if self._stopped.is_set():
            return "" if self._now or not names else self._too_slow(f"finished none of {len(names)} repositories")
        given_up = [problem for problem in report.problems if problem.startswith(_THE_REST)]
        why = next(iter(self._unreadable.values()), "")
        if given_up:
            return f"{self._client.address}: {given_up[0][len(_THE_REST) :]}. {why}".rstrip()
        if names and not self._now:
            return why or self._too_slow(f"began none of {len(names)} repositories")
        return ""

    def _in_time(self, names: List[str]) -> Iterator[str]:
        for name in in_order(names, self._before.repositories):
            if self._stopped.is_set() or time.monotonic() - self._began > _LAST_CALL * self._limits.budget:
                return
            self._begun.add(name)
            yield name

    def _hear(self, outcome: Outcome) -> None:
        name, found = outcome.view.name, count(outcome.findings)
        self._findings.extend(outcome.findings)
        if outcome.problem:
            known = self._before.repositories.get(name, Past())
            self._in_part[name] = known._replace(findings=most(known.findings, found))
            if not self._stopped.is_set():
                self._unreadable[name] = outcome.problem
            return
        self._now[name] = Past(checked=time.time(), tags=outcome.counts["tags"], findings=found)
        self._counts["repositories"] += 1
        self._counts["tags"] += outcome.counts["tags"]
        self._counts["indexes"] += outcome.counts["indexes"]

    # -- what is known now

    def _looked(self, error: str, ended: float) -> Looked:
        unfinished = sorted(self._begun - set(self._now))
        return Looked(
            instance=self._target.instance,
            error=error,
            unreadable=dict(sorted(self._unreadable.items())),
            unfinished=[name for name in unfinished if name not in self._unreadable],
            listed=None if self._names is None else len(self._names),
            repositories=self._all(error, ended),
            before=self._before,
            findings=self._findings,
            counts=self._counts,
            ended=ended,
            seconds=time.monotonic() - self._began,
            requests=self._client.requests,
            bytes_received=self._client.bytes_received,
            certificate_not_after=self._certificate(),
        )

    def _certificate(self) -> float:
        """When it expires; what was known of it counts where it is looked at, and could not be this time."""
        settings = self._target.settings
        known = self._before.certificate_not_after if settings.scheme == "https" and settings.validate_certs else 0.0
        return self._client.certificate_not_after or known

    def _all(self, error: str, ended: float) -> Dict[str, Past]:
        """Every repository that there is; where the registry could not be looked at, those that were known stay."""
        known = self._before.repositories
        names = list(self._names or ())
        if error:
            names = [*names, *(name for name in known if name not in set(names))]
        return {name: self._past(name, known.get(name, Past()), ended) for name in names}

    def _past(self, name: str, before: Past, ended: float) -> Past:
        if name in self._now:
            return self._now[name]
        return self._in_part.get(name, before)._replace(attempted=ended) if name in self._begun else before
