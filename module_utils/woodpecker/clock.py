# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""How long all of it may take, and how often to look."""

from __future__ import annotations

import time


class Clock:
    """Runs from when it is made. ``timeout`` and ``interval`` are in seconds."""

    def __init__(self, timeout: float, interval: float) -> None:
        self.timeout = timeout
        self._interval = interval
        self._end = time.monotonic() + timeout

    def left(self) -> float:
        """Seconds until the end; never negative."""
        return max(0.0, self._end - time.monotonic())

    def pause(self) -> bool:
        """Wait for the next look; whether there is time for one."""
        time.sleep(min(self._interval, self.left()))
        return self.left() > 0


def words(seconds: float) -> str:
    """A duration for people."""
    if seconds < 120:
        return f"{seconds:g} s"
    return f"{round(seconds / 60)} min" if seconds < 7200 else f"{round(seconds / 3600, 1):g} h"
