# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A Pushgateway: one group of metrics for each registry, replaced whole, and read back by the next run."""

from __future__ import annotations

import base64
import threading
from typing import Iterator, List, NamedTuple, Optional
from urllib.parse import quote

from ..client import Settings
from ..client.answer import Answer
from ..client.auth.basic import basic_header
from ..client.consume import Collect
from ..client.death import TIMEOUT, Died
from ..client.head import Headers
from ..client.origin import Origin, split_url
from ..client.pool import Message
from ..client.redact import where
from ..client.retry import Rule, Tries
from ..client.settings import checked
from ..client.wire import Wire
from ..errors import AuthenticationFailed, BadInput, ProtocolError, RegistryError, RegistryUnavailable, Unreachable
from ..exposition import Sample, parse
from ..render import printable
from .metrics import PREFIX

_MAX_METRICS_BYTES = 64 * 1024 * 1024
_SAID = 300  # characters of what it says
_CONTENT_TYPE = ("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
_AGAIN = Rule(None, 1.0)
_ONCE_MORE = Rule(1, 1.0)  # after a timeout: the next run is due
_LONGEST_WAIT = 5.0  # seconds, whatever Retry-After says
_TRY_AGAIN = (429, 500, 502, 503, 504)


class Address(NamedTuple):
    """Where a Pushgateway is, and the job under which it keeps our metrics."""

    url: str
    job: str
    username: Optional[str] = None
    password: Optional[str] = None
    ca_path: Optional[str] = None
    validate_certs: bool = True
    timeout: float = 30.0


class Gateway:
    """One Pushgateway. Raises :class:`BadInput` for an address that cannot be used; connects to nothing yet."""

    def __init__(self, address: Address) -> None:
        try:
            self._origin, target = split_url(address.url)
        except RegistryError as error:
            raise BadInput(f"the Pushgateway's URL is {error.what}", advice="Expected http(s)://host:port") from None
        if "?" in target or not address.job:
            raise BadInput("the Pushgateway needs a URL without query, and a job", where=where(self._origin, target))
        self._path, self._job = target.rstrip("/"), address.job
        self._settings = checked(_settings(address, self._origin))
        self._wire = Wire(self._settings)

    @property
    def address(self) -> str:
        """``host:port/path``, for messages."""
        return where(self._origin, self._path)

    def recall(self, instance: str) -> List[Sample]:
        """Our metrics of a registry, as they were pushed last. Raises a :class:`RegistryError` where they are not to be had."""
        answer = self._ask("GET", f"{self._path}/metrics")
        if answer.status != 200 or not answer.complete:
            raise ProtocolError(f"answers {answer.status} when asked for its metrics", where=self.address)
        text = answer.body.decode("utf-8", "replace")
        return list(parse(text, f"{PREFIX}_", {"job": self._job, "instance": instance}))

    def push(self, instance: str, text: str) -> None:
        """Replace the group of a registry. Raises a :class:`RegistryError`, and then nothing was replaced."""
        target = f"{self._path}/metrics/job{_value(self._job)}/instance{_value(instance)}"
        answer = self._ask("PUT", target, text.encode("utf-8"))
        if answer.status in (200, 202):
            return
        if answer.status in (401, 403):
            raise AuthenticationFailed(
                f"the Pushgateway answers {answer.status}", where=self.address, advice="Check its credentials"
            )
        if answer.status in (400, 409, 413, 422):
            raise ProtocolError(f"the Pushgateway refuses the metrics ({_said(answer)})", where=self.address, advice=_REFUSED)
        raise ProtocolError(f"answers {answer.status}, which no Pushgateway does", where=self.address, advice="Check its URL")

    def close(self) -> None:
        """Close every connection."""
        self._wire.close()

    def _ask(self, method: str, target: str, body: bytes = b"") -> Answer:
        """One answer, after as many tries as it takes: replacing a group twice is as good as once."""
        message = Message(method, target, self._headers(body), (lambda: _once(body)) if method == "PUT" else None)
        tries = Tries(self._settings, threading.Event())
        while True:
            try:
                answer = self._wire.finish(self._wire.send(self._origin, message), Collect(_MAX_METRICS_BYTES))
            except Died as death:
                if tries.another(_ONCE_MORE if death.kind == TIMEOUT else _AGAIN):
                    continue
                raise Unreachable(f"the Pushgateway gives no answer: {death.what} ({tries})", where=self.address) from None
            retry_after = answer.headers.get("retry-after")
            if answer.status not in _TRY_AGAIN or not tries.another(_AGAIN, retry_after):
                return self._available(answer, tries)

    def _available(self, answer: Answer, tries: Tries) -> Answer:
        if answer.status in _TRY_AGAIN:
            raise RegistryUnavailable(f"the Pushgateway answers {answer.status} ({tries})", where=self.address)
        return answer

    def _headers(self, body: bytes) -> Headers:
        headers: Headers = (_CONTENT_TYPE, ("Content-Length", str(len(body)))) if body else ()
        username = self._settings.username
        return (
            headers if username is None else (*headers, ("Authorization", basic_header(username, self._settings.password or "")))
        )


_REFUSED = "Another group there may hold the same metric as another type: look at its /metrics"


def _settings(address: Address, origin: Origin) -> Settings:
    return Settings(
        registry=origin.address,
        scheme=origin.scheme,
        username=address.username,
        password=address.password,
        ca_path=address.ca_path,
        validate_certs=address.validate_certs,
        timeout=address.timeout,
        retry_wait_cap=_LONGEST_WAIT,
    )


def _value(text: str) -> str:
    """A label's value as it stands in the path, where a slash, and nothing at all, need another form."""
    if "/" not in text:
        return f"/{quote(text, safe=':')}"
    return f"@base64/{base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}"


def _once(body: bytes) -> Iterator[bytes]:
    yield body


def _said(answer: Answer) -> str:
    lines = answer.body.decode("utf-8", "replace").strip().splitlines()
    return printable(lines[0])[:_SAID] if lines else f"answers {answer.status}"
