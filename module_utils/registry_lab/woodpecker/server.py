# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The server over HTTP on loopback: faults of the network, and a note of every exchange. The token is in no note."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple, Type

from .answering import PAGE, Answering
from .handlers import JSON, Reply
from .world import World

#: a door for labs, behind the token of an admin: PUT of a JSON document with ``agents``, ``paused`` or ``faults``
SWITCH = "/lab"
#: what a POST is answered with instead, once it is done
_INSTEAD: Dict[str, Optional[Reply]] = {
    "lost-answer": None,
    "proxy-answer": Reply(524, "<html><title>524 A timeout occurred</title></html>", "text/html"),
    "page-answer": PAGE,
    "broken-answer": Reply(200, '{"id": 1, "num', JSON),
    "other-answer": Reply(200, "[]", JSON),
    "fault-answer": Reply(500),
}


class Exchange(NamedTuple):
    """A request and what was answered. ``status`` 0: nothing was."""

    at: float
    method: str
    target: str
    status: int
    headers: Tuple[Tuple[str, str], ...]
    kind: str
    body: str


Note = Callable[[Exchange], None]


class _Server(ThreadingTCPServer):
    """One that is there again at once after a restart. (HTTPServer would ask the DNS for the name of loopback.)"""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


class WoodpeckerServer:
    """Serves a ``world`` at ``address``, in threads of this process; ``prefix`` is the path that it is served under."""

    def __init__(self, world: World, port: int = 0, *, prefix: str = "", note: Optional[Note] = None) -> None:
        self.world = world
        self.answering = Answering(world)
        self.prefix = prefix
        self._note = note
        self._http = _Server(("127.0.0.1", port), _handler(self))
        self.address = f"http://127.0.0.1:{self._http.server_address[1]}{prefix}"

    def __enter__(self) -> WoodpeckerServer:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def serve(self) -> None:
        """Serve until the process is ended."""
        self._http.serve_forever()

    def answer(self, method: str, target: str, authorization: Optional[str], body: bytes) -> Optional[Reply]:
        """The answer to one request, noted; None: the connection is closed without one."""
        reply = self._answer(method, target, authorization, body)
        if self._note is not None:
            status, headers, kind, text = (reply.status, reply.headers, reply.kind, reply.body) if reply else (0, (), "", "")
            shown = target.partition("access_token=")[0]
            self._note(Exchange(time.time(), method, shown, status, headers, kind, text))
        return reply

    def _answer(self, method: str, target: str, authorization: Optional[str], body: bytes) -> Optional[Reply]:
        if target == SWITCH and method == "PUT":
            return self._switch(authorization, body)
        faults, is_post = self.world.faults, method == "POST"
        if "silent" in faults or ("lost-request" in faults and is_post):
            return None
        if "unavailable" in faults:
            return Reply(502, "<html><title>502 Bad Gateway</title></html>", "text/html")
        if "html" in faults or not target.startswith(f"{self.prefix}/"):
            return PAGE
        if "server-error" in faults and is_post:
            return Reply(500)
        reply = self.answering.answer(method, target[len(self.prefix) :], authorization, body)
        return next((other for fault, other in _INSTEAD.items() if is_post and fault in faults), reply)

    def _switch(self, authorization: Optional[str], body: bytes) -> Reply:
        tokens = [f"Bearer {user.token}" for user in self.world.users if user.admin]
        if authorization not in tokens:
            return Reply(403)
        try:
            self.world.switch(**json.loads(body))
        except (TypeError, ValueError) as error:
            return Reply(400, str(error), "text/plain")
        return Reply(200, "{}", JSON)


def _handler(server: WoodpeckerServer) -> Type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One connection."""

        timeout = 60
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer."""
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            reply = server.answer(self.command, self.path, self.headers.get("Authorization"), body)
            if reply is None:
                self.close_connection = True
                return
            self._send(reply)

        do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - names of http.server

        def _send(self, reply: Reply) -> None:
            content = reply.body.encode()
            self.send_response(reply.status)
            if reply.status not in (301, 502, 524):
                self.send_header("X-Woodpecker-Version", server.world.version)
            for name, value in reply.headers:
                self.send_header(name, value)
            if reply.kind:
                self.send_header("Content-Type", reply.kind)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if reply.status != 204:
                self.wfile.write(content)

        def log_message(self, *_arguments: Any) -> None:
            """Exchanges are noted by the server itself."""

    return Handler


def line_of(one: Exchange) -> Dict[str, Any]:
    """An exchange as a line of the log of a lab: without the body."""
    return {"at": one.at, "method": one.method, "target": one.target, "status": one.status}
