# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether the machine's clock can be believed. What was pushed is ranked by order, so only ages depend on it."""

from __future__ import annotations

from typing import Iterable, NamedTuple

from .facts import RepositoryFacts

#: seconds that clocks of machines differ without anybody minding
SLACK = 300.0
#: a time that lies further ahead than this shows that some clock was wrong
FAR_AHEAD = 86400.0
#: seconds since the newest push after which a clock that jumped ahead is likelier than a registry that nobody used
FAR_BEHIND = 366 * 86400.0


class Clock(NamedTuple):
    """``doubt`` says why ages cannot be told; empty where they can."""

    now: float
    doubt: str = ""

    def is_young(self, time: float, age: float) -> bool:
        """Whether something of that ``time`` is younger than ``age`` seconds, or may be, as far as the clock can be believed."""
        return bool(self.doubt) or time > self.now - age

    def is_ahead(self, time: float) -> bool:
        """Whether ``time`` is in the future."""
        return time > self.now + SLACK


def clock_of(now: float, repositories: Iterable[RepositoryFacts]) -> Clock:
    """Hold ``now`` against all times of a registry."""
    newest = max((max(facts.pushed.values()) for facts in repositories if facts.pushed), default=None)
    newest_link = max((max(facts.linked.values()) for facts in repositories if facts.linked), default=None)
    known = [time for time in (newest, newest_link) if time is not None]
    if known and max(known) > now + FAR_AHEAD:
        return Clock(now, f"something was pushed {(max(known) - now) / 86400:.0f} days ahead of this machine's clock")
    if known and max(known) < now - FAR_BEHIND:
        return Clock(now, f"this machine's clock is {(now - max(known)) / 86400:.0f} days ahead of the newest push")
    return Clock(now)
