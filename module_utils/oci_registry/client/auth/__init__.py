# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Authentication: what the registry wants is learned from one answer, then sent ahead with every request."""

from __future__ import annotations

import threading
from typing import Callable, Dict, Optional, Union

from ...errors import AuthenticationFailed
from ..origin import Origin
from ..settings import Settings
from . import basic, bearer
from .basic import Basic, basic_header
from .bearer import Bearer, Fetch
from .challenge import Challenge, parse_challenges

Scheme = Union[Basic, Bearer]

WANTS_CREDENTIALS = "Give username and password"
CHECK_CREDENTIALS = "Check username and password, and what this account may see"


class Authenticator:
    """Authentication of one client with its registry. Thread-safe."""

    def __init__(self, settings: Settings, registry: Origin, fetch: Fetch) -> None:
        self.settled = threading.Event()  # a first answer has told what the registry wants
        self.first_contact = threading.RLock()  # held by the request that finds out; the others wait for it
        self._settings = settings
        self._registry = registry
        self._fetch = fetch
        self._scheme: Optional[Scheme] = None

    def header(self, scope: str) -> str:
        """The Authorization to send with a request for ``scope``; empty for none."""
        return self._scheme.header(scope) if self._scheme is not None else ""

    def answer_challenge(self, header: str, scope: str, refused: str, place: str) -> str:
        """The Authorization to send after ``refused`` (empty for none) was answered 401 with ``header``."""
        challenges = {challenge.scheme: challenge for challenge in reversed(parse_challenges(header))}
        with self.first_contact:
            if self._scheme is None:
                self._scheme = self._choose(challenges, place)
            scheme = self._scheme
        asked = challenges.get(bearer.SCHEME)
        answer = scheme.renew(scope, asked.parameters.get("scope", "") if asked else "", refused)
        if not answer:
            raise self.refusal(place)
        return answer

    def refusal(self, place: str) -> AuthenticationFailed:
        """The error for a 401 that nothing is left to try against."""
        if self._settings.username is None:
            return AuthenticationFailed("the registry wants credentials", where=place, advice=WANTS_CREDENTIALS)
        return AuthenticationFailed("the registry does not accept these credentials", where=place, advice=CHECK_CREDENTIALS)

    def _choose(self, challenges: Dict[str, Challenge], place: str) -> Scheme:
        for name, make in _SCHEMES.items():
            if name in challenges:
                return make(self, challenges[name], place)
        offered = ", ".join(sorted(challenges))[:100] or "nothing"
        raise AuthenticationFailed(f"the registry answers 401 and offers {offered}, none of it known here", where=place)

    def _make_basic(self, _challenge: Challenge, place: str) -> Basic:
        if self._settings.username is None:
            raise self.refusal(place)
        return Basic(self._settings.username, self._settings.password or "")

    def _make_bearer(self, challenge: Challenge, _place: str) -> Bearer:
        username = self._settings.username
        credentials = "" if username is None else basic_header(username, self._settings.password or "")
        return Bearer(challenge, self._registry, credentials, self._fetch)


#: the schemes known here, the preferred one first
_SCHEMES: Dict[str, Callable[[Authenticator, Challenge, str], Scheme]] = {
    bearer.SCHEME: Authenticator._make_bearer,
    basic.SCHEME: Authenticator._make_basic,
}
