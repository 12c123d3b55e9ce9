# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One request to the registry from beginning to end: authentication, redirects, retries, and the errors that are left then."""

from __future__ import annotations

import threading
from typing import Callable, NamedTuple, Optional

from ..errors import AuthenticationFailed, ProtocolError, RegistryUnavailable, TLSFailure, Unreachable
from .answer import Answer, described
from .auth import CHECK_CREDENTIALS, Authenticator
from .consume import Collect
from .death import REFUSED, Died
from .head import Headers
from .origin import Origin, origin_of
from .pace import Pace
from .pool import Body, Message, Reply
from .redact import where
from .redirect import MAX_REDIRECTS, STATUSES, next_place
from .retry import UNAVAILABLE, Tries, rule_for
from .settings import Settings
from .tls import TLS_ADVICE
from .wire import Consumer, Wire

MAX_TOKEN_BYTES = 1024 * 1024
_READS = ("GET", "HEAD")
_RUNNING = "Is it running, and is this its port?"


class Request(NamedTuple):
    """One request to the registry."""

    method: str
    target: str  # path and query
    scope: str  # what a token must allow
    headers: Headers = ()
    body: Optional[Body] = None
    repeatable: bool = True  # whether the body can be made again
    follow: bool = False  # whether redirects are followed, to other hosts too
    anonymous: bool = False  # asked without credentials, and a 401 is an answer


class Transport:
    """Sends requests to one registry, and wherever it redirects them. Thread-safe."""

    def __init__(self, settings: Settings, cancel: threading.Event) -> None:
        self.origin = origin_of(settings.scheme, settings.registry)
        self.requests = 0  # sent to the registry itself
        self.wire = Wire(settings)
        self._settings = settings
        self._cancel = cancel
        self._lock = threading.Lock()
        self._pace = Pace(settings.rate, cancel)
        self._auth = Authenticator(settings, self.origin, self._fetch_token)
        self._contacted = False

    def ask(self, request: Request, consumer: Callable[[], Consumer]) -> Answer:
        """Send a request, again where the retry table says so; the last answer, or a RegistryError.

        ``consumer`` is called for each try.
        """
        tries = Tries(self._settings, self._cancel)
        writing = request.method not in _READS
        while True:
            taker = consumer()
            try:
                answer = self._attempt(request, taker)
            except Died as death:
                if not (self._may_repeat(request, taker, death) and tries.another(rule_for(death.kind, writing, None))):
                    raise self._unreachable(death, request, tries) from None
                continue
            retry_after = answer.headers.get("retry-after")
            rule = rule_for(answer.status, writing, retry_after)
            if not request.repeatable or not tries.another(rule, retry_after):
                return self._final(answer, request, tries)

    def _may_repeat(self, request: Request, taker: Consumer, death: Died) -> bool:
        """A registry that never answered and refuses connections will not be there in a second either."""
        return taker.untouched and request.repeatable and (self._contacted or death.kind != REFUSED)

    # -- one attempt

    def _attempt(self, request: Request, taker: Consumer) -> Answer:
        reply = self._authorised(request)
        self._contacted = True
        if request.follow and reply.head.status in STATUSES:
            return self._follow(request, reply, taker)
        return self.wire.finish(reply, taker)

    def _authorised(self, request: Request) -> Reply:
        """The registry's answer, after it was told who asks. Only one request goes first; the others wait for what it learns."""
        if request.anonymous:
            return self._send(request, "")
        if not self._auth.settled.is_set():
            with self._auth.first_contact:
                if not self._auth.settled.is_set():
                    try:
                        return self._authorised_now(request)
                    finally:
                        self._auth.settled.set()
        return self._authorised_now(request)

    def _authorised_now(self, request: Request) -> Reply:
        sent = self._auth.header(request.scope)
        reply = self._send(request, sent)
        if reply.head.status != 401:
            return reply
        self.wire.discard(reply)
        place = where(self.origin, request.target)
        header = self._auth.answer_challenge(reply.head.headers.get("www-authenticate", ""), request.scope, sent, place)
        if not request.repeatable:
            raise self._auth.refusal(place)
        reply = self._send(request, header)
        if reply.head.status == 401:
            self.wire.discard(reply)
            raise self._auth.refusal(place)
        return reply

    def _send(self, request: Request, authorization: str) -> Reply:
        headers = request.headers
        if authorization:
            headers = (*headers, ("Authorization", authorization))
        self._pace.wait()
        with self._lock:
            self.requests += 1
        return self.wire.send(self.origin, Message(request.method, request.target, headers, request.body))

    def _follow(self, request: Request, reply: Reply, taker: Consumer) -> Answer:
        """Follow redirects; another origin never sees what was meant for the registry."""
        origin, target = self.origin, request.target
        for _redirect in range(MAX_REDIRECTS):
            self.wire.discard(reply)
            origin, target = next_place(origin, target, reply.head.headers.get("location", ""))
            if origin == self.origin:
                reply = self._authorised_now(request._replace(target=target))
            else:
                reply = self.wire.send(origin, Message(request.method, target, request.headers))
            if reply.head.status not in STATUSES:
                return self._arrived(origin, target, self.wire.finish(reply, taker))
        self.wire.discard(reply)
        raise ProtocolError(f"more than {MAX_REDIRECTS} redirects", where=where(self.origin, request.target))

    def _arrived(self, origin: Origin, target: str, answer: Answer) -> Answer:
        if answer.status in (401, 403) and origin != self.origin:
            what = f"the storage that the registry redirects to answers {answer.status}"
            raise AuthenticationFailed(what, where=where(origin, target), advice="Check the registry's storage and its clock")
        return answer._replace(redirected=origin != self.origin)

    def _fetch_token(self, origin: Origin, target: str, authorization: str) -> Answer:
        message = Message("GET", target, (("Authorization", authorization),) if authorization else ())
        tries = Tries(self._settings, self._cancel)
        while True:
            answer = self.wire.finish(self.wire.send(origin, message), Collect(MAX_TOKEN_BYTES))
            retry_after = answer.headers.get("retry-after")
            if not tries.another(rule_for(answer.status, False, retry_after), retry_after):
                break
        if answer.status == 429 or answer.status >= 500:
            raise RegistryUnavailable(f"the token service answers {answer.status} ({tries})", where=where(origin, target))
        return answer

    # -- what is left when there is no further try

    def _final(self, answer: Answer, request: Request, tries: Tries) -> Answer:
        place = where(self.origin, request.target)
        asked_to_wait = answer.status >= 500 and "retry-after" in answer.headers
        if answer.status in UNAVAILABLE or asked_to_wait:
            raise RegistryUnavailable(f"answers {answer.status} ({tries})", where=place, advice="Try again later")
        if answer.status == 403:
            raise AuthenticationFailed(described(answer), where=place, advice=CHECK_CREDENTIALS)
        if answer.status == 400 and self.origin.scheme == "http" and b"HTTP request" in answer.body and b"HTTPS" in answer.body:
            raise TLSFailure("the server speaks TLS, and was spoken to in plain HTTP", where=place, advice=TLS_ADVICE)
        return answer

    def _unreachable(self, death: Died, request: Request, tries: Tries) -> Unreachable:
        what = death.what if tries.count == 1 else f"{death.what} ({tries})"
        advice = _RUNNING if death.kind == REFUSED else ""
        return Unreachable(what, where=death.where or where(self.origin, request.target), advice=advice)
