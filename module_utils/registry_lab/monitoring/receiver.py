# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A receiver of webhooks, a program of its own: ``receiver.py PORT FILE`` appends what it is sent to FILE, with the time of arrival."""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer


class Server(ThreadingTCPServer):
    """One that is there again at once after a restart. (HTTPServer would ask the DNS for the name of loopback.)"""

    allow_reuse_address = True
    daemon_threads = True


class Handler(BaseHTTPRequestHandler):
    """Takes a JSON document by POST; answers GET, to show that it is there."""

    path_of_record = ""
    timeout = 10

    def do_POST(self) -> None:
        """Note the document: one line, written at once."""
        arrived = time.time()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            document = json.loads(body)
        except ValueError:
            self.send_error(400, "no JSON")
            return
        with open(self.path_of_record, "a", encoding="utf-8") as file:
            file.write(json.dumps({"received_at": arrived, "notification": document}) + "\n")
        self._answer()

    def do_GET(self) -> None:
        """Say that it is there."""
        self._answer()

    def _answer(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


def main(port: str, path: str) -> None:
    """Serve until the process is ended."""
    Handler.path_of_record = path
    Server(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
