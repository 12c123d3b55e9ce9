# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Servers for what no real registry does on demand: each request is recorded and answered with exactly the bytes of a script."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

MAX_BODY = 1 << 24


class Seen(NamedTuple):
    """One request as it arrived; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Cut(NamedTuple):
    """Bytes to send, after which the connection is ended."""

    data: bytes


Script = Callable[[Seen], "bytes | Cut | Iterable[bytes]"]


def answer(status: int, body: bytes = b"", **headers: object) -> bytes:
    """One whole answer. Underscores in header names stand for hyphens; Content-Length is right unless given; None leaves a header out."""
    fields = {"Content_Length": len(body), **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([f"HTTP/1.1 {status} Reason", *lines, "", ""]).encode() + body


def errors(status: int, code: str, **headers: object) -> bytes:
    """An error answer as registries give it."""
    body = b'{"errors":[{"code":"%s"}]}' % code.encode()
    return answer(status, body, Content_Type="application/json", Docker_Distribution_Api_Version="registry/2.0", **headers)


class ScriptedServer(socketserver.ThreadingTCPServer):
    """Listens on loopback; ``requests`` and ``connections`` say what came."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, script: Script, context: ssl.SSLContext | None, host: str) -> None:
        super().__init__((host, 0), _Handler)
        self.script = script
        self.context = context
        self.requests: list[Seen] = []
        self.connections = 0
        self.open_sockets: set[socket.socket] = set()

    @property
    def address(self) -> str:
        return f"{self.server_address[0]}:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no error of the server's."""

    def end_connections(self) -> None:
        """End every connection that is open, as a server does with idle ones."""
        for open_socket in list(self.open_sockets):
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)


class _Handler(socketserver.BaseRequestHandler):
    server: ScriptedServer

    def handle(self) -> None:
        if self.server.context is not None:
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self.server.connections += 1
        self.server.open_sockets.add(self.request)
        try:
            with self.request.makefile("rb") as reader:
                while self._answer_one(reader):
                    pass
        except OSError:
            pass
        finally:
            self.server.open_sockets.discard(self.request)
            self.request.close()

    def _answer_one(self, reader: object) -> bool:
        line = reader.readline()
        if not line:
            return False
        method, target, _version = line.decode().split()
        headers = {}
        while (field := reader.readline()) not in (b"\r\n", b""):
            name, _colon, value = field.decode().partition(":")
            headers[name.lower()] = value.strip()
        body = reader.read(min(int(headers.get("content-length", 0)), MAX_BODY))
        seen = Seen(method, target, headers, body)
        self.server.requests.append(seen)
        return self._send(self.server.script(seen))

    def _send(self, reply: bytes | Cut | Iterable[bytes]) -> bool:
        if isinstance(reply, Cut):
            self.request.sendall(reply.data)
            return False
        for piece in [reply] if isinstance(reply, bytes) else reply:
            self.request.sendall(piece)
        return True


@contextlib.contextmanager
def serving(script: Script, context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[ScriptedServer]:
    """A scripted server, for as long as the block runs."""
    with ScriptedServer(script, context, host) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            server.end_connections()
            thread.join()
