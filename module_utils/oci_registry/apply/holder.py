# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One run that holds a store, and whether it still lives: a hold that nobody will ever release must not stay for good."""

from __future__ import annotations

import os
from typing import Any, Dict, NamedTuple

from ..commands import start_time
from .moment import Moment

_HOUR = 3600.0


class Holder(NamedTuple):
    """Which ``run`` holds since when, by whom and why. ``host`` and ``pid`` tell where its process is; 0 where nobody said.

    ``started``: when that process began (clock ticks since the boot), as far as it can be seen from here, so that another process with
    the same number is not taken for it. ``left``: the run is over, and the store is to stay held until another one releases it.
    """

    run: str
    since: Moment
    who: str
    why: str
    host: str = ""
    pid: int = 0
    started: str = ""
    left: bool = False

    def as_dict(self) -> Dict[str, Any]:
        """Plain JSON types."""
        return dict(self._asdict(), since=self.since.as_dict())

    def told(self) -> Dict[str, Any]:
        """What results tell of it, the time in UTC."""
        return {"run": self.run, "since": self.since.text, "who": self.who, "host": self.host, "pid": self.pid}

    @classmethod
    def from_dict(cls, record: Dict[str, Any]) -> Holder:
        """The reverse of :meth:`as_dict`; holds of before there were several say less. Raises KeyError, TypeError or ValueError."""
        return cls(
            str(record.get("run", "")),
            Moment.from_dict(record["since"]),
            str(record["who"]),
            str(record["why"]),
            str(record.get("host", "")),
            int(record.get("pid", 0)),
            str(record.get("started", "")),
            record.get("left") is True,
        )


def seen_from_here(holder: Holder) -> Holder:
    """The holder with what this machine knows of its process, if that is one of this machine."""
    return holder._replace(started=start_time(holder.pid) if holder.pid and holder.host == _here() else "")


def is_dead(holder: Holder, at: Moment, stale_hours: float) -> bool:
    """Whether it will never release the hold itself: it left, its process is gone, or it is too old where no process can be seen."""
    if holder.left:
        return True
    if holder.started and holder.host == _here():
        return holder.since.boot != at.boot or start_time(holder.pid) != holder.started
    age = holder.since.age(at)
    return age is not None and age >= stale_hours * _HOUR


def _here() -> str:
    return os.uname().nodename
