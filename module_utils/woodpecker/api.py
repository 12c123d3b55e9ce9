# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A client of Woodpecker's API, versions 1 to 3: one request at a time, JSON or a clear error, the token in a header and nowhere else.

The server answers any path that it does not know with 200 and its web page, most errors without a body, empty lists as ``null``, and
404 for what a token may not see.
"""

from __future__ import annotations

import json
import ssl
from typing import Any, Dict, List, NamedTuple, Optional
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit

from ansible.module_utils.urls import open_url

from ..oci_registry.errors import AuthenticationFailed, BadInput, ProtocolError, RegistryUnavailable, TLSFailure, Unreachable
from .errors import NotFound, NotWoodpecker

PER_PAGE = 50  # the most that the server gives
_MOST_PAGES = 200
_MOST_BYTES = 32 * 1024 * 1024


class Answer(NamedTuple):
    """One answer. ``body`` is what its JSON says, None without a body."""

    status: int
    version: str
    body: Any


class Client:
    """``server`` is its address, with the path that it is served under if there is one."""

    def __init__(
        self, server: str, token: str, *, timeout: float = 30.0, ca_path: Optional[str] = None, validate_certs: bool = True
    ) -> None:
        parts = urlsplit(server)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
            raise BadInput("is no address of a Woodpecker server", where=_shown(server), advice="Write https://ci.example.com")
        if any(not 32 < ord(letter) < 127 for letter in token):
            raise BadInput("the token holds characters that no token has", where=_shown(server))
        self.address = server.rstrip("/")
        self.version = ""
        self._token = token
        self._options = {"timeout": timeout, "ca_path": ca_path, "validate_certs": validate_certs, "follow_redirects": "none"}

    def get(self, path: str) -> Answer:
        """The answer to ``/api`` + ``path``. Raises AuthenticationFailed (401, 403), NotFound (404), NotWoodpecker and the like."""
        answer = self.request("GET", path)
        if answer.status >= 400:
            raise RegistryUnavailable(f"answered {answer.status} without a reason", where=f"{self.address}/api{path}")
        return answer

    def request(self, method: str, path: str, body: Any = None) -> Answer:
        """Send one request, a body as JSON."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json", **({} if data is None else {"Content-Type": "application/json"})}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        where = f"{self.address}/api{path}"
        try:
            with open_url(where, data, headers, method, **self._options) as got:
                return self._read(where, got.status, got.headers, got.read(_MOST_BYTES + 1))
        except HTTPError as error:
            return self._failed(where, error)
        except (URLError, OSError, ValueError) as error:
            raise _unreachable(self.address, error) from None

    def pages(self, path: str) -> List[Dict[str, Any]]:
        """All entries of a list, page by page until one is not full."""
        found: List[Dict[str, Any]] = []
        for page in range(1, _MOST_PAGES + 1):
            entries = self.get(f"{path}?page={page}&perPage={PER_PAGE}").body or []
            if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                raise ProtocolError("answered something else than a list", where=f"{self.address}/api{path}")
            found += entries
            if len(entries) < PER_PAGE:
                break
        return found

    def lookup(self, repository: str) -> Dict[str, Any]:
        """A repository by ``owner/name``."""
        owner, slash, name = repository.partition("/")
        if not (owner and slash and name):
            raise BadInput(f"{repository!r} is no repository", where=self.address, advice="Write owner/name")
        try:
            body = self.get(f"/repos/lookup/{quote(owner, safe='')}/{quote(name)}").body
        except NotFound:
            what = f"{repository} is not there, or is hidden from this token"
            raise NotFound(
                what,
                where=self.address,
                advice="Activate the repository in Woodpecker, or use the token of a user who may see it",
            ) from None
        if not isinstance(body, dict) or not isinstance(body.get("id"), int):
            raise ProtocolError("the repository has no id", where=self.address)
        return body

    def _read(self, where: str, status: int, headers: Any, content: bytes) -> Answer:
        self.version = headers.get("X-Woodpecker-Version") or self.version
        kind = (headers.get("Content-Type") or "").partition(";")[0].strip().lower()
        if status == 204 or not content:
            return Answer(status, self.version, None)
        if kind != "application/json":
            advice = "Check the address; if the server is served under a path, that path belongs to it"
            raise NotWoodpecker(
                f"answered {kind or 'something'} instead of JSON: this is not Woodpecker's API", where=where, advice=advice
            )
        if len(content) > _MOST_BYTES:
            raise ProtocolError("the answer is too large", where=where)
        try:
            return Answer(status, self.version, json.loads(content))
        except ValueError:
            raise ProtocolError("the answer is no valid JSON", where=where) from None

    def _failed(self, where: str, error: HTTPError) -> Answer:
        with error:
            version = error.headers.get("X-Woodpecker-Version") if error.headers else None
        self.version = version or self.version
        if error.code in (401, 403):
            what = "does not accept the token" if self._token else "wants a token"
            if error.code == 403:
                what = "does not let this token do that"
            raise AuthenticationFailed(f"{what} (status {error.code})", where=where)
        if error.code == 404 and version:
            raise NotFound("is not there, or is hidden from this token (status 404)", where=where)
        if 300 <= error.code < 400 or not version:
            raise NotWoodpecker(
                f"answered {error.code}, and not as Woodpecker's API does", where=where, advice="Check the address"
            )
        return Answer(error.code, self.version, None)


def _unreachable(where: str, error: Exception) -> Exception:
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLError) or "CERTIFICATE" in str(reason).upper():
        return TLSFailure(
            "the certificate or the TLS handshake was not accepted", where=where, advice="Give ca_path, or mend the certificate"
        )
    return Unreachable(f"gives no answer ({getattr(reason, 'strerror', None) or reason})", where=where)


def _shown(server: str) -> str:
    """An address without what may be a password."""
    return server.rpartition("@")[2][:200]
