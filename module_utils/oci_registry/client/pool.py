# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The connections of a client, kept open and handed to whichever thread needs one."""

from __future__ import annotations

import ssl
import threading
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Set

from ..errors import Unreachable
from .connection import Connection
from .death import DIED, Died
from .dial import dial
from .head import Head, Headers
from .origin import Origin
from .settings import Settings
from .tls import context_for

AGENT = "registry-runbooks"
Body = Callable[[], Iterator[bytes]]
_READS = ("GET", "HEAD")


class Message(NamedTuple):
    """One request as it goes over a connection. ``body`` makes its pieces anew each time it is called."""

    method: str
    target: str  # path and query
    headers: Headers
    body: Optional[Body] = None


class Reply(NamedTuple):
    """An answer whose body is still to be read from its connection."""

    head: Head
    connection: Connection


class Pool:
    """Keeps connections alive between requests. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._free: Dict[Origin, List[Connection]] = {}
        self._open: Set[Connection] = set()
        self._context: Optional[ssl.SSLContext] = None
        self._closed = False
        self.not_after: Dict[Origin, float] = {}  #: when the certificate of each expires; see :class:`Dialled`

    def exchange(self, origin: Origin, message: Message) -> Reply:
        """Send a request and read the head of its answer; then :meth:`release` or :meth:`drop` the reply's connection.

        A kept connection that its server has closed meanwhile is replaced, once and silently.
        """
        kept = self._kept(origin)
        if kept is None:
            return self._over(self._dial(origin), message)
        if message.method not in _READS and not kept.is_idle():  # a write must not find out by failing
            self.drop(kept)
            return self._over(self._dial(origin), message)
        try:
            return self._over(kept, message)
        except Died as death:
            if message.method not in _READS or death.kind != DIED or not kept.silent:
                raise
        return self._over(self._dial(origin), message)

    def _over(self, connection: Connection, message: Message) -> Reply:
        try:
            connection.send(message.method, message.target, message.headers, message.body() if message.body else ())
            return Reply(connection.read_head(message.method), connection)
        except BaseException:
            self.drop(connection)
            raise

    def release(self, reply: Reply) -> None:
        """Keep the connection of a reply whose body was read to its end."""
        connection = reply.connection
        if self._closed or not reply.head.keep_alive or not connection.silent:
            self.drop(connection)
            return
        with self._lock:
            self._free.setdefault(connection.origin, []).append(connection)

    def drop(self, connection: Connection) -> None:
        """Close a connection that is of no more use."""
        with self._lock:
            self._open.discard(connection)
        connection.close()

    def close(self) -> None:
        """Close every connection, those in use too: the threads that wait for them get an error."""
        with self._lock:
            self._closed = True
            connections, self._open = self._open, set()
            self._free.clear()
        for connection in connections:
            connection.close()

    def _kept(self, origin: Origin) -> Optional[Connection]:
        with self._lock:
            free = self._free.get(origin)
            return free.pop() if free else None

    def _dial(self, origin: Origin) -> Connection:
        if self._closed:
            raise Unreachable("the client was closed", where=origin.address)
        dialled = dial(origin, self._tls, self._settings.timeout)
        connection = Connection(origin, dialled, self._settings.timeout, AGENT)
        with self._lock:
            self.not_after[origin] = dialled.not_after
            closed = self._closed
            if not closed:
                self._open.add(connection)
        if closed:  # meanwhile
            connection.close()
            raise Unreachable("the client was closed", where=origin.address)
        return connection

    def _tls(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = context_for(self._settings)
            return self._context
