# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A client of Woodpecker's API, versions 1 to 3: one request at a time, JSON or a clear error, the token in a header and nowhere else.

The server answers any path that it does not know with 200 and its web page, most errors without a body, empty lists as ``null``, and
404 for what a token may not see.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit

from ansible.module_utils.urls import open_url

from ..oci_registry.cut import CUT
from ..oci_registry.errors import AuthenticationFailed, BadInput, ProtocolError, RegistryUnavailable, TLSFailure, Unreachable
from .errors import NobodyListens, NotFound, NotWoodpecker

PER_PAGE = 50  # the most that the server gives
_MOST_PAGES = 200
_MOST_BYTES = 32 * 1024 * 1024
_CHUNK = 1 << 16
_MOST_SAID = 300  # characters of an error
#: never less for one answer, in seconds: the last look after a time-out takes a moment too
_LEAST = 1.0


class Answer(NamedTuple):
    """One answer. ``body`` is what its JSON says, None without a body.

    ``filtered``: the server says that no workflow takes the event. ``said``: the text of an error, mostly empty.
    """

    status: int
    version: str
    body: Any
    filtered: bool = False
    said: str = ""


class Client:
    """``server`` is its address, with the path that it is served under if there is one."""

    def __init__(
        self,
        server: str,
        token: str,
        *,
        timeout: float = 30.0,
        left: Optional[Callable[[], float]] = None,
        ca_path: Optional[str] = None,
        validate_certs: bool = True,
    ) -> None:
        """``timeout`` is for each answer, in seconds; ``left`` tells how many of them there still are for all together."""
        if not _is_address(server):
            raise BadInput("is no address of a Woodpecker server", where=_shown(server), advice="Write https://ci.example.com")
        if any(not 32 < ord(letter) < 127 for letter in token):
            raise BadInput("the token holds characters that no token has", where=_shown(server))
        self.address = server.rstrip("/")
        self.version = ""
        self._token = token
        self._timeout = timeout
        self._left = left
        self._options = {"ca_path": ca_path, "validate_certs": validate_certs, "follow_redirects": "none", "use_netrc": False}

    def get(self, path: str) -> Answer:
        """The answer to ``/api`` + ``path``. Raises AuthenticationFailed (401, 403), NotFound (404), NotWoodpecker and the like."""
        answer = self.request("GET", path)
        if answer.status >= 400:
            what = f"answered {answer.status} {f'({answer.said})' if answer.said else 'without a reason'}"
            raise RegistryUnavailable(what, where=f"{self.address}/api{path}")
        return answer

    def request(self, method: str, path: str, body: Any = None) -> Answer:
        """Send one request, a body as JSON. Answers of 400 and 500 and more that the server itself gives are returned."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json", **({} if data is None else {"Content-Type": "application/json"})}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        where = f"{self.address}/api{path}"
        limit = self._timeout if self._left is None else max(_LEAST, min(self._timeout, self._left()))
        try:
            with open_url(where, data, headers, method, timeout=limit, **self._options) as got:
                return self._read(where, got.status, got.headers, _content(got, time.monotonic() + limit))
        except HTTPError as error:
            return self._failed(where, error)
        except (URLError, OSError, ValueError, http.client.HTTPException) as error:
            raise _unreachable(self.address, error) from None

    def pages(self, path: str) -> List[Dict[str, Any]]:
        """All entries of a list, page by page until one is not full."""
        return [entry for page in self.paged(path) for entry in page]

    def names(self, path: str) -> List[str]:
        """All entries of a list of texts."""
        return [entry for page in self.paged(path, str) for entry in page]

    def paged(self, path: str, kind: type = dict) -> Iterator[List[Any]]:
        """The pages of a list, until one is not full, or brings what the one before did: old versions give everything at once."""
        before: List[Any] = []
        for page in range(1, _MOST_PAGES + 1):
            entries = self.get(f"{path}{'&' if '?' in path else '?'}page={page}&perPage={PER_PAGE}").body or []
            if not isinstance(entries, list) or not all(isinstance(entry, kind) for entry in entries):
                raise ProtocolError("answered something else than a list", where=f"{self.address}/api{path}")
            if entries == before:
                break
            yield entries
            if len(entries) < PER_PAGE:
                break
            before = entries

    def lookup(self, repository: str) -> Dict[str, Any]:
        """A repository by ``owner/name``, or by its number."""
        if repository.isdigit():
            return self._repository(f"/repos/{repository}", f"repository {repository}")
        owner, slash, name = repository.partition("/")
        if not (owner and slash and name):
            raise BadInput(f"{repository!r} is no repository", where=self.address, advice="Write owner/name")
        return self._repository(f"/repos/lookup/{quote(owner, safe='')}/{quote(name)}", repository)

    def _repository(self, path: str, name: str) -> Dict[str, Any]:
        try:
            body = self.get(path).body
        except NotFound:
            what = f"{name} is not there, or is hidden from this token"
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
            return Answer(status, self.version, None, (headers.get("Pipeline-Filtered") or "").lower() == "true")
        if kind != "application/json":
            advice = "Check the address; if the server is served under a path, that path belongs to it"
            raise NotWoodpecker(
                f"answered {kind or 'something'} instead of JSON: this is not Woodpecker's API", where=where, advice=advice
            )
        if len(content) > _MOST_BYTES:
            raise ProtocolError("the answer is too large", where=where)
        try:
            return Answer(status, self.version, json.loads(content))
        except (ValueError, RecursionError):
            raise ProtocolError("the answer is no valid JSON", where=where) from None

    def _failed(self, where: str, error: HTTPError) -> Answer:
        with error:
            version = error.headers.get("X-Woodpecker-Version") if error.headers else None
            said = _said(error)
        self.version = version or self.version
        if error.code in (401, 403):
            what = "does not accept the token" if self._token else "wants a token"
            if error.code == 403:
                what = "does not let this token do that"
            raise AuthenticationFailed(f"{what} (status {error.code})", where=where)
        if error.code == 404 and version:
            raise NotFound("is not there, or is hidden from this token (status 404)", where=where)
        if error.code in (429, 502, 503, 504) and not version:
            what = f"answered {error.code}: what stands before the server does not reach it"
            raise RegistryUnavailable(what, where=self.address)
        if 300 <= error.code < 400 or not version:
            raise NotWoodpecker(
                f"answered {error.code}, and not as Woodpecker's API does", where=where, advice="Check the address"
            )
        return Answer(error.code, self.version, None, said=said)


def _content(got: Any, deadline: float) -> bytes:
    """The body, or as much of it as is taken. Raises OSError where it breaks off, or does not end in time."""
    content = b""
    length = got.headers.get("Content-Length") or ""
    while len(content) <= _MOST_BYTES:
        chunk = got.read1(_CHUNK) if hasattr(got, "read1") else got.read(_CHUNK)
        if not chunk:
            break
        content += chunk
        if time.monotonic() > deadline:
            raise OSError("the answer does not end")
    if length.isdigit() and len(content) < int(length) and not got.headers.get("Content-Encoding"):
        raise OSError("the answer breaks off")
    return content


def _said(error: HTTPError) -> str:
    """The text of an error, on one line; empty for a page or none."""
    if not (error.headers.get("Content-Type") or "").startswith("text/plain"):
        return ""
    try:
        return " ".join(error.read(_MOST_SAID).decode("utf-8", "replace").split())
    except (OSError, http.client.HTTPException):
        return ""


def _unreachable(where: str, error: Exception) -> Exception:
    reason = getattr(error, "reason", None) or error
    if not isinstance(reason, CUT) and (isinstance(reason, ssl.SSLError) or "CERTIFICATE" in str(reason).upper()):
        return TLSFailure(
            "the certificate or the TLS handshake was not accepted", where=where, advice="Give ca_path, or mend the certificate"
        )
    kind = NobodyListens if isinstance(reason, (ConnectionRefusedError, socket.gaierror)) else Unreachable
    return kind(f"gives no answer ({getattr(reason, 'strerror', None) or reason})", where=where)


def _is_address(server: str) -> bool:
    """Whether it names a server, and no user: a password may hold anything, so nothing of what it is read as is told."""
    try:
        parts = urlsplit(server)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not ("@" in server or parts.query or parts.fragment)


def _shown(server: str) -> str:
    """An address without what may be a password."""
    return server.rpartition("@")[2][:200]
