# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Signals that ask this process to end: they end it at the next safe point, never between stopping a registry and starting it again."""

from __future__ import annotations

import contextlib
import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Dict, Iterator, Optional, Type

from ..errors import Interrupted

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Interruptions:
    """Context manager: turns signals into :class:`Interrupted`, raised where the program is, or at the end of a :meth:`shield`.

    Does nothing outside of the main thread, where no handler can be set.
    """

    def __init__(self) -> None:
        self._before: Dict[int, Any] = {}
        self._shields = 0
        self._pending = ""

    def __enter__(self) -> Interruptions:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(
        self, _kind: Optional[Type[BaseException]], _error: Optional[BaseException], _trace: Optional[TracebackType]
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextlib.contextmanager
    def shield(self) -> Iterator[None]:
        """Let nothing interrupt the block; what came meanwhile is raised after it, unless it fails by itself."""
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
        self._raise_pending()

    def _hear(self, number: int, _frame: Optional[FrameType]) -> None:
        self._pending = signal.Signals(number).name
        self._raise_pending()

    def _raise_pending(self) -> None:
        if self._pending and not self._shields:
            name, self._pending = self._pending, ""
            raise Interrupted(f"told to stop by {name}")
