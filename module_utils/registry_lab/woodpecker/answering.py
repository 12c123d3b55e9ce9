# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which route a request is for, who asks, and whether they may. No I/O."""

from __future__ import annotations

import re
from typing import Callable, Dict, Optional, Tuple, Union
from urllib.parse import parse_qsl, unquote, urlsplit

from .handlers import TEXT, Handlers, Reply, Request, shown
from .model import Repository, User
from .world import World

_HTML = "text/html; charset=UTF-8"
PAGE = Reply(200, "<!doctype html><title>Woodpecker</title>", _HTML)
_REFUSED = "User not authorized"
_REPO = "/repos/([^/]+)"
#: method, path, the right that is needed, what is done
_ROUTES: Tuple[Tuple[str, str, str, Callable[..., Reply]], ...] = (
    ("GET", "/user", "user", Handlers.user),
    ("POST", "/user/token", "user", Handlers.token),
    ("GET", "/secrets", "user", Handlers.no_secrets),
    ("GET", "/orgs/([0-9]+)/secrets", "admin", Handlers.no_secrets),
    ("GET", "/queue/info", "admin", Handlers.queue),
    ("POST", "/queue/(pause|resume)", "admin", Handlers.pause),
    ("GET", "/repos/lookup/(.+)", "pull", Handlers.repository),
    ("GET", _REPO, "pull", Handlers.repository),
    ("GET", f"{_REPO}/permissions", "pull", Handlers.permissions),
    ("GET", f"{_REPO}/branches", "pull", Handlers.branches),
    ("GET", f"{_REPO}/secrets", "push", Handlers.secrets),
    ("GET", f"{_REPO}/pipelines", "pull", Handlers.list_pipelines),
    ("POST", f"{_REPO}/pipelines", "push", Handlers.create),
    ("GET", f"{_REPO}/pipelines/([^/]+)", "pull", Handlers.get_pipeline),
    ("POST", f"{_REPO}/pipelines/([^/]+)", "push", Handlers.restart),
    ("POST", f"{_REPO}/pipelines/([^/]+)/(cancel|approve|decline)", "push", Handlers.act),
    ("GET", f"{_REPO}/logs/([^/]+)/([^/]+)", "pull", Handlers.log),
)


class Answering:
    """Knows every route; anything else is the web page, with 200."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._handlers = Handlers(world)

    def answer(self, method: str, target: str, authorization: Optional[str], body: bytes) -> Reply:
        """The answer to one request."""
        parts = urlsplit(target)
        if parts.path in ("/healthz", "/version"):
            return self._at_the_root(parts.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        path = parts.path[len("/api") :] if parts.path.startswith("/api/") else ""
        if path.endswith("/") and path != "/":
            return Reply(301, "", _HTML.lower(), (("Location", parts.path.rstrip("/")),))
        user = self._user(authorization, query)
        for verb, pattern, right, handle in _ROUTES:
            match = re.fullmatch(pattern, path)
            if match and verb == method:
                request = Request(path, query, user, body, [unquote(group) for group in match.groups()])
                with self.world.changed:
                    return self._guarded(request, right, handle)
        return PAGE

    def _user(self, authorization: Optional[str], query: Dict[str, str]) -> Optional[User]:
        token = query.get("access_token")
        if authorization and authorization.startswith("Bearer "):
            token = authorization[len("Bearer ") :]
        return next((user for user in self.world.users if token and user.token == token), None)

    def _at_the_root(self, path: str) -> Reply:
        if path == "/version":
            return shown({"source": "https://github.com/woodpecker-ci/woodpecker", "version": self.world.version})
        return Reply(204 if self.world.numbers >= (2,) else 200)

    def _guarded(self, request: Request, right: str, handle: Callable[..., Reply]) -> Reply:
        if right in ("user", "admin"):
            if request.user is None:
                return Reply(401, _REFUSED, TEXT)
            allowed = right == "user" or request.user.admin
            return handle(self._handlers, request) if allowed else Reply(403, _REFUSED, TEXT)
        found = self._repository(request, request.groups.pop(0))
        if isinstance(found, Reply):
            return found
        if right == "push" and not self._handlers.may(request.user, found, right):
            return Reply(404 if request.user else 401)
        return handle(self._handlers, request, found)

    def _repository(self, request: Request, name: str) -> Union[Repository, Reply]:
        """The repository that a path names, by number or by full name; the answer where there is none to see."""
        by_name = request.path.startswith("/repos/lookup/")
        if not by_name and not name.isdigit():
            return Reply(400)
        names = ((one.full_name.lower() if by_name else str(one.id), one) for one in self.world.repositories)
        found = next((one for key, one in names if key == name.lower()), None)
        if found is None or not self._handlers.may(request.user, found, "pull"):
            return Reply(404 if request.user else 401)
        return found
