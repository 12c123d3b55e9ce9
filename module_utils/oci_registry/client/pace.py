# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A limit on how many requests a second are sent: each takes the next moment of an even beat, and a few that were missed are made up for."""

from __future__ import annotations

import threading
import time

#: seconds whose moments are not lost: else threads that meet wait, although the registry is slower than the limit
_SLACK = 0.1


class Pace:
    """Thread-safe. ``rate``: requests a second, 0 for no limit; ``cancel`` ends every wait."""

    def __init__(self, rate: float, cancel: threading.Event) -> None:
        self._interval = 1.0 / rate if rate else 0.0
        self._cancel = cancel
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Return when it is this request's turn."""
        if not self._interval:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(now - _SLACK, self._next)
            self._next = turn + self._interval
        if turn > now:
            self._cancel.wait(turn - now)
