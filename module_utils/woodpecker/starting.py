# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Starts a pipeline once, whatever the server answers, or does not answer any more."""

from __future__ import annotations

from typing import List, Optional

from ..oci_registry.errors import (
    AuthenticationFailed,
    BadInput,
    ProtocolError,
    RegistryError,
    RegistryUnavailable,
    TLSFailure,
    Unreachable,
)
from .api import Answer
from .clock import Clock
from .errors import Blocked, ConfigFailed, Filtered, NobodyListens, NotFound, NotWoodpecker
from .pipeline import Pipeline, read_pipeline
from .purpose import Purpose, newer
from .repository import Repository

#: how often to look for what a request started that got no answer
_LOOKS = 4
#: after these it may have been started all the same: whatever is on the way answered, or nothing that can be read came back
_UNCLEAR = (Unreachable, RegistryUnavailable, NotWoodpecker, ProtocolError, TLSFailure)
_FILTERED = "Add an item with event manual to the when of its workflow, for this branch"


class Starting:
    """One start. ``latest`` is the number of the newest pipeline before it. ``unknown``: what was asked for may have been started, unseen."""

    def __init__(self, repository: Repository, purpose: Purpose, latest: int, clock: Clock) -> None:
        self._repository = repository
        self._purpose = purpose
        self._latest = latest
        self._clock = clock
        self.unknown = False

    def run(self) -> Pipeline:
        """What was started. Raises what the server has against it; nothing is running then, or ``unknown`` is set."""
        try:
            answer = self._ask()
            if answer.status < 300 and answer.body is not None:
                return read_pipeline(answer.body, self._repository.where)
        except NobodyListens:
            raise
        except _UNCLEAR as error:
            return self._find(error)
        except NotFound:
            raise self._hidden() from None
        if answer.status >= 500:
            return self._find(self._fault(answer), answered=True)
        if answer.status >= 400:
            raise self._no(answer)
        return self._without_body(answer)

    def older(self, mine: Pipeline) -> Optional[Pipeline]:
        """One for the same purpose that somebody else started a moment before; two at once would do the same twice."""
        found = [one for one in newer(self._repository.newest(), self._purpose, self._latest) if self._purpose.keeps(one)]
        return found[0] if found and found[0].number < mine.number else None

    def _ask(self) -> Answer:
        if self._purpose.restart_of:
            return self._repository.restart(self._purpose.restart_of)
        return self._repository.start(self._purpose.branch, self._purpose.variables)

    def _find(self, error: RegistryError, *, answered: bool = False) -> Pipeline:
        """What the request started although its answer tells nothing; else its error, with what is known.

        ``answered``: Woodpecker itself had the error, so that one look afterwards tells whether it started something.
        """
        for look in range(_LOOKS):
            if look and not self._clock.pause():
                break
            try:
                found = newer(self._repository.newest(), self._purpose, self._latest)
            except RegistryError:
                continue
            if found:
                return found[0]
            if answered:
                raise type(error)(f"{error.what} and started nothing", where=error.where, advice=error.advice)
        self.unknown = True
        advice = "Whether it was started is unknown: run this again, and one that is under way is followed"
        raise type(error)(error.what, where=error.where, advice=advice)

    def _without_body(self, answer: Answer) -> Pipeline:
        """204, or null in version 2: nothing takes the event, or the files could not be fetched; then a pipeline tells why."""
        found: List[Pipeline] = [] if answer.filtered else newer(self._repository.newest(), self._purpose, self._latest)
        if found:
            return found[-1]
        if self._purpose.restart_of:
            raise Filtered("the server had nothing to run again", where=self._repository.where)
        if answer.status == 200:
            what = "the server started nothing: it could not fetch the workflow files, it seems"
            raise ConfigFailed(what, where=self._repository.where, advice="See whether the forge answers")
        what = f"no workflow takes a manual run of branch {self._purpose.branch}, so nothing was started"
        raise Filtered(what, where=self._repository.where, advice=_FILTERED)

    def _fault(self, answer: Answer) -> RegistryError:
        what = f"answered {answer.status} {f'({answer.said})' if answer.said else 'without a reason'}"
        advice = "See the log of the server"
        if not self._purpose.restart_of:
            advice = f"The forge may not know branch {self._purpose.branch} any more; see the log of the server"
        return RegistryUnavailable(what, where=self._repository.where, advice=advice)

    def _no(self, answer: Answer) -> RegistryError:
        said = answer.said or "it does not say why"
        if "blocked" in said:
            return Blocked(f"cannot be run again: {said}", where=self._repository.place(self._purpose.restart_of))
        if answer.status == 400 and not self._purpose.restart_of and not answer.said:
            return BadInput("the server does not take these variables", where=self._repository.where, advice="Give texts")
        return ProtocolError(f"answered {answer.status}: {said}", where=self._repository.where)

    def _hidden(self) -> RegistryError:
        number = self._purpose.restart_of
        if number:
            what = f"there is no pipeline {number}, or the token may not start it"
            return NotFound(what, where=self._repository.where, advice="Use the token of a user who may push")
        what = "the token may not start pipelines (status 404)"
        return AuthenticationFailed(what, where=self._repository.where, advice="Use the token of a user who may push")
