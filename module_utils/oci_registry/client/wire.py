# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Requests sent and answers read, to and from any host: no authentication, no redirects, no second try."""

from __future__ import annotations

import threading
import time
from typing import Iterator, Protocol, Tuple

from ..errors import ProtocolError, RegistryError
from .answer import Answer
from .consume import Collect
from .death import TIMEOUT, Died, EndedEarly
from .origin import Origin
from .pool import Message, Pool, Reply
from .redact import where
from .settings import Settings

MAX_ERROR_BYTES = 64 * 1024
#: a body that is held must be there after this many times the timeout, however steadily it trickles
_PATIENCE = 10


class Consumer(Protocol):
    """What takes the body of a successful answer (consume.py)."""

    untouched: bool  # whether the request may still be repeated

    def take(self, piece: bytes) -> bool:
        """Take the next piece of body; False to end the request."""

    @property
    def body(self) -> bytes:
        """What the answer is to hold."""


class Wire:
    """Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self.bytes_received = 0  # of bodies
        self._timeout = settings.timeout
        self._pool = Pool(settings)
        self._lock = threading.Lock()

    def not_after(self, origin: Origin) -> float:
        """When the certificate of an origin expires, in seconds since 1970; 0 where none was validated."""
        return self._pool.not_after.get(origin, 0.0)

    def send(self, origin: Origin, message: Message) -> Reply:
        """Send one request; the reply's body must then be read with :meth:`finish`."""
        try:
            return self._pool.exchange(origin, message)
        except (RegistryError, Died) as error:
            error.where = error.where or where(origin, message.target)
            raise

    def finish(self, reply: Reply, consumer: Consumer) -> Answer:
        """Read the body: of a success by the consumer, of anything else up to a small cap."""
        head = reply.head
        taker = consumer if 200 <= head.status < 300 else Collect(MAX_ERROR_BYTES)
        try:
            received, complete = self._read(reply, taker)
        except (RegistryError, Died) as error:
            error.where = error.where or reply.connection.origin.address
            raise
        return Answer(head.status, head.headers, taker.body, complete, head.length, received)

    def discard(self, reply: Reply) -> Answer:
        """Read a body that is not wanted, up to a small cap."""
        return self.finish(reply, Collect(MAX_ERROR_BYTES))

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def _read(self, reply: Reply, taker: Consumer) -> Tuple[int, bool]:
        """(bytes received, whether that was the whole body)."""
        received, complete = 0, False
        try:
            _refuse_encoding(reply)
            for piece in self._pieces(reply, taker):
                received += len(piece)
                if not taker.take(piece):
                    break
            else:
                complete = True
        except EndedEarly:
            pass
        finally:
            if complete:
                self._pool.release(reply)
            else:
                self._pool.drop(reply.connection)
            with self._lock:
                self.bytes_received += received
        return received, complete

    def _pieces(self, reply: Reply, taker: Consumer) -> Iterator[bytes]:
        pieces = reply.connection.body(reply.head)
        return self._in_time(pieces) if isinstance(taker, Collect) else pieces

    def _in_time(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        deadline = time.monotonic() + _PATIENCE * self._timeout
        for piece in pieces:
            yield piece
            if time.monotonic() > deadline:
                raise Died(TIMEOUT, f"no whole answer within {_PATIENCE * self._timeout:g} s")


def _refuse_encoding(reply: Reply) -> None:
    """Bytes that something on the way compressed are not the bytes that were asked for."""
    encoding = reply.head.headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", ""):
        raise ProtocolError(f"an answer encoded as {encoding[:40]!r}, which nobody asked for")
