# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Starts, restarts or follows one pipeline to a proven end. The brain of the module ``woodpecker_pipeline``."""

from __future__ import annotations

import contextlib
from typing import Any, Dict, List, Mapping, Optional

from ..oci_registry.apply.signals import Interruptions
from ..oci_registry.errors import Interrupted, RegistryError
from .asked import Asked, read_asked
from .clock import Clock
from .errors import BranchMissing, NoAgent, NotFound, QueuePaused, TimedOut, WantedMissing
from .following import Following
from .masking import Masking, secrets_in
from .options import client_of
from .pipeline import Pipeline
from .purpose import Purpose, restarted, under_way
from .readiness import check_branch, check_files, check_queue, check_repository
from .repository import Repository
from .result import pipeline_result, step_result
from .starting import Starting
from .verdict import culprit, judge, only_cloned, running_step, unreached

_ANSWER = 30.0  # seconds, the longest for one answer
_PAGES = 4  # of pipelines: how far back one that still runs is looked for; restarts, as far as the one that they run again
#: for what a pipeline that this run started is of no use to anybody any more
_HOPELESS = (WantedMissing, BranchMissing)


class Piloting:
    """One run. ``run()`` once; ``result()`` afterwards, also where it raised; ``told()`` is its error for people."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._params = params
        self._clock = Clock(params["timeout"], params["interval"])
        self._repository: Optional[Repository] = None
        self._pipeline: Optional[Pipeline] = None
        self._asked: Optional[Asked] = None
        self._log: List[str] = []
        self._step: Dict[str, Any] = {}
        self._said = ""
        self.changed = False
        self.followed = False
        self._unknown = False
        self.warnings: List[str] = []

    def run(self, *, check_mode: bool) -> None:
        """Do it. Raises a RegistryError for every other end than the one that is wanted."""
        asked = self._asked = read_asked(self._params)
        client = client_of({**self._params, "timeout": _ANSWER}, self._clock.left)
        repository = self._repository = Repository(client, client.lookup(self._params["repository"]))
        with Interruptions() as signals:
            try:
                found = self._find(asked, repository)
                if found is None and not check_mode:
                    with signals.shield():
                        found = self._start(repository)
                elif found is None:
                    self.changed = True
                if found is not None:
                    self._follow(found, asked, repository, check_mode=check_mode)
            except Interrupted as error:
                raise self._interrupted(error) from None

    def _find(self, asked: Asked, repository: Repository) -> Optional[Pipeline]:
        """The pipeline that is there already; None where one is to be started, and nothing is known to be against it."""
        if asked.state == "followed" and asked.number:
            self.followed = True
            return repository.pipeline(asked.number)
        known = _known(repository, asked.number)
        self._latest = max((one.number for one in known), default=0)
        original = self._original(asked, repository)
        branch = original.branch if original else asked.branch or repository.default_branch
        variables = original.variables if original else asked.variables
        self._purpose = Purpose(branch, dict(variables), asked.number)
        active = original if original and original.active else None
        found = active or under_way(known, self._purpose) or restarted(known, self._purpose)
        self.followed = found is not None
        if found is None and asked.state == "followed":
            what = f"nothing runs by hand on branch {branch} with these variables"
            raise NotFound(what, where=repository.where, advice="Give number, or start one")
        if found is None:
            self._preflight(asked, repository)
            what = f"run pipeline {asked.number} again" if asked.number else f"start a manual pipeline of branch {branch}"
            self._said = f"{repository.where}: {what}"
        return found

    def _original(self, asked: Asked, repository: Repository) -> Optional[Pipeline]:
        """The one that is to be restarted."""
        if asked.state != "restarted":
            return None
        try:
            return repository.pipeline(asked.number)
        except NotFound:
            raise NotFound(f"there is no pipeline {asked.number}", where=repository.where) from None

    def _preflight(self, asked: Asked, repository: Repository) -> None:
        check_repository(repository)
        if asked.state == "started":
            self.warnings += check_branch(repository, self._purpose.branch)
            if asked.path:
                self.warnings += check_files(repository, asked.path, self._purpose.branch, asked.wanted)
            fixed = sorted(name for name in asked.variables if name.startswith("CI_"))
            self.warnings += [f"the server keeps its own {name}, whatever is given" for name in fixed]
        check_queue(repository, self._clock)

    def _start(self, repository: Repository) -> Pipeline:
        starting = Starting(repository, self._purpose, self._latest, self._clock)
        try:
            mine = self._pipeline = starting.run()
        finally:
            self._unknown = starting.unknown
        self.changed = True
        older = starting.older(mine) if mine.active else None
        if older is None:
            return mine
        why = repository.cancel(mine.number)
        self._unknown = bool(why)
        self.followed = True
        done = f"could not be canceled ({why})" if why else "was canceled"
        self.warnings.append(f"pipeline {mine.number} {done}: {older.number} was started for the same a moment before")
        return older

    def _follow(self, found: Pipeline, asked: Asked, repository: Repository, *, check_mode: bool) -> None:
        self._pipeline = found
        following = Following(repository, found, asked.wanted, self._clock)
        if check_mode:
            self._said = f"{following.where}: follow it"
            return
        try:
            if self.changed and not self.followed and not (found.commit or found.ended):
                raise BranchMissing(f"has no branch {found.branch}", where=following.where)
            self._pipeline = following.run()
            judge(self._pipeline, asked.wanted, following.where)
        except RegistryError as error:
            self._pipeline = following.last
            raise self._left(error, repository, following) from None
        self.warnings += [f"{following.where}: {text}" for text in self._pipeline.warnings]
        if only_cloned(self._pipeline):
            self.warnings.append(f"{following.where}: nothing but the clone ran, all steps were left out by their when")
        self._said = f"{following.where}: success"

    def _left(self, error: RegistryError, repository: Repository, following: Following) -> RegistryError:
        """The error, after what can still be learned or done: the log of the step, and the end of what is of no use."""
        late = isinstance(error, (TimedOut, QueuePaused, NoAgent)) and self._params["cancel_on_timeout"]
        mine = self.changed and not self.followed and not following.last.ended
        if mine and (late or isinstance(error, _HOPELESS)):
            error = self._cancel(error, repository, following.last.number)
        self._read_log(repository, following.last)
        return error

    def _cancel(self, error: RegistryError, repository: Repository, number: int) -> RegistryError:
        """End what is of no use, and see what became of it; the error, with that."""
        why = repository.cancel(number)
        with contextlib.suppress(RegistryError):
            self._pipeline = repository.pipeline(number)
        done = f"It could not be canceled: {why}" if why else "It was canceled"
        return type(error)(error.what, where=error.where, advice=f"{error.advice}. {done}" if error.advice else done)

    def _read_log(self, repository: Repository, pipeline: Pipeline) -> None:
        found = culprit(pipeline) or running_step(pipeline)
        self._step = step_result(found)
        lines = self._asked.lines if self._asked else 0
        if found is None or found.step is None or not lines:
            return
        try:
            self._log = repository.log(pipeline.number, found.step.id)[-lines:]
        except RegistryError as error:
            self.warnings.append(f"the log of {found} cannot be read: {error.what}")

    def _interrupted(self, error: Interrupted) -> Interrupted:
        if self._pipeline is None or self._repository is None:
            return Interrupted(f"{error.what}; nothing was started")
        where = self._repository.place(self._pipeline.number)
        return Interrupted(f"{error.what}; it goes on", where=where, advice="Run this again to follow it")

    def _masking(self) -> Masking:
        given, seen = self._params["variables"] or {}, self._pipeline.variables if self._pipeline else {}
        texts = {str(name): str(value) for name, value in given.items()}
        return Masking([self._params["token"] or "", *(self._params["mask"] or []), *secrets_in(texts), *secrets_in(seen)])

    def told(self, error: RegistryError) -> str:
        """An error as one sentence, without secrets."""
        return self._masking().text(str(error))

    def result(self) -> Dict[str, Any]:
        """What the module returns: plain JSON types, without secrets."""
        masking, pipeline = self._masking(), self._pipeline
        shown: Dict[str, Any] = {}
        if pipeline is not None and self._repository is not None:
            shown = pipeline_result(pipeline, self._repository.url(pipeline.number))
            shown["variables"] = masking.variables(shown["variables"])
        reached = bool(pipeline and pipeline.workflows and not unreached(pipeline, self._asked.wanted if self._asked else []))
        return {
            "changed": self.changed,
            "followed": self.followed,
            "pipeline": masking.data(shown),
            "wanted_reached": reached,
            "may_go_on": self._unknown or bool(pipeline and not pipeline.ended),
            "failed_step": masking.data(self._step),
            "log": masking.data(self._log),
            "server_version": self._repository.client.version if self._repository else "",
        }

    def message(self) -> str:
        """One sentence for people: what was done, or in check mode would be."""
        return self._masking().text(self._said)

    def secrets(self) -> List[str]:
        """Values among the variables that nothing may show."""
        return list(secrets_in({str(name): str(value) for name, value in (self._params["variables"] or {}).items()}))


def _known(repository: Repository, number: int) -> List[Pipeline]:
    """The newest pipelines, newest first: some pages of them, or with a number all that came after it."""
    known: List[Pipeline] = []
    for count, page in enumerate(repository.all(), 1):
        known += page
        if any(one.number <= number for one in page) if number else count >= _PAGES:
            break
    return known
