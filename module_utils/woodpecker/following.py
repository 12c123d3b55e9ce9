# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Follows a pipeline to its end: looks again and again, bears with a server that is away for a moment, and gives up in time."""

from __future__ import annotations

import time
from typing import Optional, Sequence, Tuple

from ..oci_registry.errors import ProtocolError, RegistryError, RegistryUnavailable, Unreachable
from .clock import Clock, words
from .errors import NotWoodpecker, TimedOut, WantedMissing
from .pipeline import Pipeline
from .readiness import why_waiting
from .repository import Repository
from .verdict import Wanted, absent, blocked

#: how long a server may be away before that is all there is to say, in seconds
_SILENCE = 120.0


class Following:
    """One pipeline, from when it is known. ``last`` is how it was seen last."""

    def __init__(self, repository: Repository, first: Pipeline, wanted: Sequence[Wanted], clock: Clock) -> None:
        self._repository = repository
        self._wanted = wanted
        self._clock = clock
        self._silence: Optional[Tuple[float, RegistryError]] = None  # since when, and the last error
        self.last = first
        self.where = repository.place(first.number)

    def run(self) -> Pipeline:
        """The pipeline at its end. Raises TimedOut, Blocked, WantedMissing for what will not come, Unreachable after a long silence."""
        while True:
            self._look()
            if self.last.ended:
                return self.last
            if self.last.status == "blocked":
                raise blocked(self.last, self.where)
            missing = absent(self.last, self._wanted)
            if missing:
                there = ", ".join(sorted({workflow.name for workflow in self.last.workflows}))
                what = f"{missing[0]} is not in it: a manual run leaves it out, or it has another name"
                raise WantedMissing(what, where=self.where, advice=f"It has the workflows {there}")
            if not self._clock.pause():
                raise self._timed_out()

    def _look(self) -> None:
        try:
            self.last = self._repository.pipeline(self.last.number)
            self._silence = None
        except (Unreachable, RegistryUnavailable, NotWoodpecker, ProtocolError) as error:
            now = time.monotonic()
            since = self._silence[0] if self._silence else now
            self._silence = (since, error)
            if now - since > _SILENCE:
                raise self._silent(error) from None

    def _silent(self, error: RegistryError) -> RegistryError:
        advice = "How it ended is unknown: run this again to follow it"
        return type(error)(f"{error.what}, and its end was not seen", where=self.where, advice=advice)

    def _timed_out(self) -> RegistryError:
        if self._silence:
            return self._silent(self._silence[1])
        waited = words(self._clock.timeout)
        if self.last.status not in ("pending", "created"):
            return TimedOut(f"is still {self.last.status} after {waited}", where=self.where, advice=_AGAIN)
        reason = why_waiting(self._repository)
        if reason:
            return type(reason)(f"is still pending after {waited}: {reason.what}", where=self.where, advice=reason.advice)
        advice = f"No agent took it: see whether one is connected that fits, and whether the queue is paused. {_AGAIN}"
        return TimedOut(f"is still pending after {waited}", where=self.where, advice=advice)


_AGAIN = "Run this again to follow it, or raise timeout"
