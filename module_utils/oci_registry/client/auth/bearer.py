# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Bearer tokens (distribution's token specification): one token a scope, fetched before it is needed."""

from __future__ import annotations

import re
import threading
import time
from typing import Callable, Dict, NamedTuple, Optional, Tuple
from urllib.parse import urlencode

from ...errors import AuthenticationFailed, ProtocolError
from ..answer import Answer, json_of
from ..origin import Origin, split_url
from ..redact import where
from .challenge import Challenge

SCHEME = "bearer"
_DEFAULT_SECONDS = 60.0  # what the specification says of a token without expires_in
_MARGIN = 0.2  # of its life, before a token is fetched anew

_TOKEN = re.compile(r"[\x21-\x7e]+\Z")

#: asks an origin's token service: (origin, path with query, Authorization or empty) -> answer
Fetch = Callable[[Origin, str, str], Answer]


class Token(NamedTuple):
    """A token as a header, and until when (monotonic seconds) to use it."""

    header: str
    expires: float


class Bearer:
    """Fetches and keeps tokens. Thread-safe."""

    def __init__(self, challenge: Challenge, registry: Origin, credentials: str, fetch: Fetch) -> None:
        """``credentials``: Authorization for the token service, which is the only one to see it; empty for none."""
        self._realm, self._target = _checked_realm(challenge, registry)
        self._service = challenge.parameters.get("service", "")
        self._credentials = credentials
        self._fetch = fetch
        self._lock = threading.Lock()
        self._tokens: Dict[str, Token] = {}

    def header(self, scope: str) -> str:
        """What to send with a request for ``scope``: a token at hand, or a fresh one."""
        token = self._at_hand(scope)
        if token is None:
            with self._lock:
                token = self._at_hand(scope) or self._store(scope, scope)
        return token.header

    def renew(self, scope: str, challenge_scope: str, refused: str) -> str:
        """What to send after ``refused`` was answered 401: a token for what the challenge asks for."""
        with self._lock:
            token = self._at_hand(scope)
            if token is None or token.header == refused:
                token = self._store(scope, challenge_scope or scope)
        return token.header

    def _at_hand(self, scope: str) -> Optional[Token]:
        token = self._tokens.get(scope)
        return token if token is not None and time.monotonic() < token.expires else None

    def _store(self, scope: str, wanted: str) -> Token:
        query = [("service", self._service)] if self._service else []
        query += [("scope", part) for part in wanted.split()]
        mark = "&" if "?" in self._target else "?"
        answer = self._fetch(self._realm, f"{self._target}{mark}{urlencode(query)}", self._credentials)
        token = _token_of(answer, where(self._realm, self._target))
        self._tokens[scope] = token
        return token


def _checked_realm(challenge: Challenge, registry: Origin) -> Tuple[Origin, str]:
    try:
        realm, target = split_url(challenge.parameters.get("realm", ""))
    except ProtocolError as error:
        raise AuthenticationFailed(f"the registry names as its token service {error.what}", where=registry.address) from None
    if registry.scheme == "https" and realm.scheme != "https":
        what = f"the token service {realm.address} has no TLS, though the registry has"
        advice = "No credentials were sent; the realm must be an https URL"
        raise AuthenticationFailed(what, where=registry.address, advice=advice)
    return realm, target


def _token_of(answer: Answer, place: str) -> Token:
    if answer.status != 200:
        what = f"the token service answers {answer.status}"
        raise AuthenticationFailed(what, where=place, advice="Check username and password, and what this account may see")
    document = json_of(answer)
    fields = document if isinstance(document, dict) else {}
    text = fields.get("token") or fields.get("access_token")
    if not isinstance(text, str) or not _TOKEN.match(text):
        raise AuthenticationFailed("the token service answers without a token", where=place)
    seconds = fields.get("expires_in")
    life = float(seconds) if isinstance(seconds, (int, float)) and seconds > 0 else _DEFAULT_SECONDS
    return Token(f"Bearer {text}", time.monotonic() + min(life, 86400.0) * (1 - _MARGIN))
