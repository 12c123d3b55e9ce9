# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of the body of an answer: held up to a cap, counted, or handed on piece by piece."""

from __future__ import annotations

from typing import Callable, List

Sink = Callable[[bytes], object]


class Collect:
    """Holds a body of at most ``cap`` bytes, and one byte more to show that there was more."""

    untouched = True

    def __init__(self, cap: int) -> None:
        self._room = cap + 1
        self._pieces: List[bytes] = []

    def take(self, piece: bytes) -> bool:
        """Take the next piece; False when no more is wanted."""
        self._pieces.append(piece[: self._room])
        self._room -= len(piece)
        return self._room > 0

    @property
    def body(self) -> bytes:
        """What is held."""
        return b"".join(self._pieces)


class Window:
    """Holds the first ``keep`` bytes, and counts on up to ``limit``."""

    untouched = True

    def __init__(self, keep: int, limit: int) -> None:
        self.body = b""
        self._keep = keep
        self._left = limit

    def take(self, piece: bytes) -> bool:
        """Take the next piece; False once there were more than the limit."""
        if len(self.body) < self._keep:
            self.body += piece[: self._keep - len(self.body)]
        self._left -= len(piece)
        return self._left >= 0


class Stream:
    """Hands every piece on. Once it has, the request cannot be repeated."""

    body = b""

    def __init__(self, sink: Sink) -> None:
        self.untouched = True
        self._sink = sink

    def take(self, piece: bytes) -> bool:
        """Hand the next piece on; what the sink raises ends the request."""
        self.untouched = False
        self._sink(piece)
        return True
