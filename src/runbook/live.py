# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The last line of a terminal: what is under way and for how long, so that nobody wonders at night whether it hangs."""

from __future__ import annotations

import shutil
import threading
import time
from types import TracebackType

from .output import say

_PATIENCE = 3.0  # seconds after which it is worth a word
_CLEAR = "\r\033[K"


class Live:
    """Prints, and keeps a line below what was printed while it is entered; without ``enabled`` it only prints."""

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._phase, self._task, self._since = "", "", 0.0

    def __enter__(self) -> Live:
        if self._enabled:
            self._thread = threading.Thread(target=self._tick, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def tell(self, phase: str, task: str) -> None:
        """What is under way now; its clock starts when the phase changes."""
        with self._lock:
            if phase != self._phase:
                self._since = time.monotonic()
            self._phase, self._task = phase, task

    def print(self, text: str) -> None:
        """Print lines above the live one."""
        with self._lock:
            say(f"{_CLEAR if self._enabled else ''}{text}")

    def _tick(self) -> None:
        while not self._stop.wait(1.0):
            with self._lock:
                self._draw()
        say(_CLEAR, end="")

    def _draw(self) -> None:
        seconds = time.monotonic() - self._since
        if self._phase and seconds >= _PATIENCE:
            within = "" if self._task in ("", self._phase) else f": {self._task}"
            text = f"  ... {self._phase}{within}"[: shutil.get_terminal_size().columns - 10]
            say(f"{_CLEAR}{text} {seconds:.0f} s", end="")
