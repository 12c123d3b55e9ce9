# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One connection: requests out, answers in, every read bounded in time and size."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from typing import Iterable, Iterator

from ..errors import NotARegistry, ProtocolError, TLSFailure
from .death import DIED, TIMEOUT, Died, EndedEarly, death_of
from .dial import Dialled
from .head import CHUNKED, MAX_HEAD_BYTES, UNTIL_CLOSE, Head, Headers, format_request, parse_head
from .origin import Origin
from .tls import TLS_ADVICE

_PIECE = 64 * 1024
_MAX_INTERIM = 8
_MAX_CHUNK_LINE = 256
_TLS_RECORDS = (b"\x15\x03", b"\x16\x03")


class Connection:
    """One socket to one origin. Used by one thread at a time; only :meth:`close` may come from another."""

    def __init__(self, origin: Origin, dialled: Dialled, timeout: float, agent: str) -> None:
        self.origin = origin
        self._sock = dialled.sock
        self._prefix = dialled.prefix
        always = (("Host", origin.netloc), ("User-Agent", agent), ("Accept-Encoding", "identity"))
        self._headers: Headers = (*always, *dialled.headers)
        self._timeout = timeout
        self._buffer = b""

    def send(self, method: str, target: str, headers: Headers, body: Iterable[bytes] = ()) -> None:
        """Send one request. An answer that comes before the body is through ends the sending; read it as usual."""
        block = format_request(method, self._prefix + target, self._headers + headers)
        try:
            self._sock.sendall(block)
        except OSError as error:
            raise death_of(error, self._timeout, "sending the request") from None
        for piece in body:
            if not self._send_piece(piece):
                break

    def _send_piece(self, piece: bytes) -> bool:
        """False where the server wants no more of it."""
        try:
            self._sock.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            return False
        except OSError as error:
            raise death_of(error, self._timeout, "sending the body") from None
        return True

    def read_head(self, method: str) -> Head:
        """The head of the final answer to ``method``; interim answers are skipped."""
        deadline = time.monotonic() + self._timeout
        for _interim in range(_MAX_INTERIM):
            head = parse_head(self._head_block(deadline), method)
            if head.status >= 200:
                return head
        raise ProtocolError("interim answers without end")

    def _head_block(self, deadline: float) -> bytes:
        end = self._buffer.find(b"\r\n\r\n")
        while end < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise ProtocolError(f"an answer with more than {MAX_HEAD_BYTES} bytes of headers")
            if self._buffer and time.monotonic() > deadline:
                raise Died(TIMEOUT, f"no whole answer within {self._timeout:g} s")
            piece = self._receive()
            if not piece:
                raise Died(DIED, "the connection ended before an answer came")
            self._buffer += piece
            self._check_start()
            end = self._buffer.find(b"\r\n\r\n")
        block, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
        return block

    def _check_start(self) -> None:
        start = self._buffer[:5]
        if start[:2] in _TLS_RECORDS:
            raise TLSFailure("the server speaks TLS, and was spoken to in plain HTTP", advice=TLS_ADVICE)
        if start != b"HTTP/"[: len(start)]:
            raise NotARegistry("what answers does not speak HTTP", advice="Check host and port")

    def body(self, head: Head) -> Iterator[bytes]:
        """The pieces of the body that follows ``head``; raises :class:`EndedEarly` where the server ends it too soon."""
        if head.framing == CHUNKED:
            return self._chunks()
        if head.framing == UNTIL_CLOSE:
            return self._until_close()
        return self._exactly(head.framing)

    def _exactly(self, length: int) -> Iterator[bytes]:
        while length:
            piece = self._take(length)
            length -= len(piece)
            yield piece

    def _until_close(self) -> Iterator[bytes]:
        with contextlib.suppress(EndedEarly):
            while True:
                yield self._take(_PIECE)

    def _chunks(self) -> Iterator[bytes]:
        while True:
            size = self._chunk_size()
            if not size:
                break
            yield from self._exactly(size)
            self._line()
        for _line in range(_MAX_CHUNK_LINE):  # trailers, up to an empty line
            if not self._line():
                return
        raise ProtocolError("a chunked body with trailers without end")

    def _chunk_size(self) -> int:
        digits = self._line().partition(b";")[0].strip()
        try:
            size = int(digits, 16)
        except ValueError:
            size = -1
        if size < 0 or len(digits) > 15:
            raise ProtocolError("a chunked body with a chunk size that is none")
        return size

    def _line(self) -> bytes:
        end = self._buffer.find(b"\r\n")
        while end < 0:
            if len(self._buffer) > _MAX_CHUNK_LINE + _PIECE:
                raise ProtocolError("a chunked body with a line without end")
            piece = self._receive()
            if not piece:
                raise EndedEarly
            self._buffer += piece
            end = self._buffer.find(b"\r\n")
        line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
        return line

    def _take(self, most: int) -> bytes:
        """One to ``most`` bytes of body."""
        data = self._buffer or self._receive()
        if not data:
            raise EndedEarly
        self._buffer = data[most:]
        return data[:most]

    def _receive(self) -> bytes:
        try:
            return self._sock.recv(_PIECE)
        except OSError as error:
            raise death_of(error, self._timeout, "waiting for the answer") from None

    @property
    def silent(self) -> bool:
        """Whether nothing was received that has not been read."""
        return not self._buffer

    def is_idle(self) -> bool:
        """Whether it can carry another request: nothing, such as its end, arrived since the last one."""
        try:
            return self.silent and not select.select([self._sock], [], [], 0)[0]
        except (OSError, ValueError):  # closed, or beyond what select can watch
            return False

    def close(self) -> None:
        """End the connection; a thread that waits for it wakes up."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()
