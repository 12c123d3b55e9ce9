# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Points in time that survive a clock that jumps.

The age of something made since the machine was started is told by the machine's own uptime, which nobody sets. Across a restart only
the wall clock is left; what it dates in the future has no age, and is kept until somebody names it.
"""

from __future__ import annotations

import time
from typing import Any, Dict, NamedTuple, Optional

_BOOT_ID = "/proc/sys/kernel/random/boot_id"


class Moment(NamedTuple):
    """When something was done: by the wall clock (seconds since the epoch), and by the uptime (seconds) of which boot."""

    wall: float
    boot: str = ""
    uptime: float = 0.0

    @property
    def text(self) -> str:
        """In UTC, for people and results."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.wall))

    def age(self, at: Moment) -> Optional[float]:
        """Seconds from this moment until ``at``; None where it lies in the future."""
        if self.boot and self.boot == at.boot:
            return max(0.0, at.uptime - self.uptime)
        return at.wall - self.wall if at.wall >= self.wall else None

    def as_dict(self) -> Dict[str, Any]:
        """Plain JSON types."""
        return dict(self._asdict())

    @classmethod
    def from_dict(cls, record: Dict[str, Any]) -> Moment:
        """The reverse of :meth:`as_dict`. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(float(record["wall"]), str(record["boot"]), float(record["uptime"]))


def now() -> Moment:
    """This moment."""
    return Moment(time.time(), boot_id(), time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)))


def boot_id() -> str:
    """Which start of the machine this is; empty where the system does not tell."""
    try:
        with open(_BOOT_ID, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""
