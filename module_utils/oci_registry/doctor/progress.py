# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Progress on standard error: at most one line a second, none for what takes less."""

from __future__ import annotations

import sys
import time
from typing import Dict

_EVERY = 1.0  # seconds


class _Ticker:
    def __init__(self) -> None:
        self._next = time.monotonic() + _EVERY

    def due(self) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + _EVERY
        return True


class WalkProgress(_Ticker):
    """What a walk calls with its counts."""

    def __call__(self, counts: Dict[str, int]) -> None:
        if self.due():
            shown = ", ".join(f"{counts[name]} {name}" for name in ("repositories", "tags", "requests", "findings"))
            print(f"walking: {shown}", file=sys.stderr, flush=True)


class ScanProgress(_Ticker):
    """What a scan calls with its phase, and how much of it is done; ``total`` 0 where that is not known."""

    def __call__(self, phase: str, done: int, total: int) -> None:
        if self.due():
            print(f"scanning: {phase} {done} of {total}" if total else f"scanning: {phase} {done}", file=sys.stderr, flush=True)
