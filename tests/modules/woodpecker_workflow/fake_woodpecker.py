# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What Woodpecker 3.17 answers, as recorded from its router, for the few routes that the module asks: no package holds a server."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "a.token-of.dev"
_REPOSITORY = {
    "id": 7,
    "org_id": 3,
    "full_name": "o/infra",
    "default_branch": "master",
    "active": True,
    "approval_allowed_users": None,
}


def secret(name: str, **changes: Any) -> dict[str, Any]:
    """A secret as the server shows it: without its value."""
    return {"id": 1, "org_id": 0, "repo_id": 7, "name": name, "images": None, "events": None, "note": "", **changes}


class FakeWoodpecker:
    """``secrets`` by the path of their list, None for a list that the token may not see; ``pipelines`` newest first."""

    def __init__(self) -> None:
        names = ("registry_user", "registry_password", "slack_webhook")
        self.secrets: dict[str, Any] = {
            "/repos/7/secrets": [secret(name) for name in names],
            "/orgs/3/secrets": [],
            "/secrets": [],
        }
        self.pipelines: list[dict[str, Any]] = []
        self.trusted: Any = {"network": False, "volumes": False, "security": False}
        self.asked: list[str] = []
        self.prefix = "/api"
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> FakeWoodpecker:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def options(self, **changes: Any) -> dict[str, Any]:
        """The options that name it."""
        return {"server": self.address, "token": TOKEN, "repository": "o/infra", **changes}

    def answer(self, target: str, authorization: str | None) -> tuple[int, str, Any]:
        """Status, content type and body; a body of None is empty."""
        self.asked.append(target)
        parts = urlsplit(target)
        path = parts.path.removeprefix(self.prefix)
        if path == parts.path or not (path in self.secrets or path.startswith("/repos/")):
            return 200, "text/html; charset=UTF-8", "<!doctype html><title>Woodpecker</title>"
        if authorization != f"Bearer {TOKEN}":
            return 401, "text/plain; charset=utf-8", "User not authorized"
        if path.startswith("/repos/lookup/"):
            return (
                (200, "application/json; charset=utf-8", {**_REPOSITORY, "trusted": self.trusted})
                if path.lower() == "/repos/lookup/o/infra"
                else (404, "", None)
            )
        found = self.pipelines if path == "/repos/7/pipelines" else self.secrets.get(path)
        if found is None:
            return (404, "", None) if path.startswith("/repos/") else (403, "text/plain", "User not authorized")
        query = {key: int(values[0]) for key, values in parse_qs(parts.query).items()}
        size, page = min(query.get("perPage", 50), 50), query.get("page", 1)
        return 200, "application/json; charset=utf-8", found[(page - 1) * size : page * size] or (None if page == 1 else [])

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            def do_GET(self) -> None:
                status, kind, body = fake.answer(self.path, self.headers.get("Authorization"))
                is_json = kind.startswith("application/json")
                content = json.dumps(body).encode() if is_json else (body or "").encode()
                self.send_response(status)
                self.send_header("X-Woodpecker-Version", "3.17.0")
                if kind:
                    self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_arguments: Any) -> None:
                pass

        return Handler
