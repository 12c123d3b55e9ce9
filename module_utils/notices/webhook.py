# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Sends a text to a Slack-compatible webhook, within a time limit, and says how that went without a word of its address.

The address is the secret: who knows it can write to the channel. So nothing of it, not even the host, is in what is said.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from typing import List, Optional, Tuple

from ..oci_registry.client.answer import Answer
from ..oci_registry.client.consume import Collect
from ..oci_registry.client.death import REFUSED, TIMEOUT, Died
from ..oci_registry.client.origin import Origin, split_url
from ..oci_registry.client.pool import Message
from ..oci_registry.client.retry import Rule, Tries
from ..oci_registry.client.settings import Settings, checked
from ..oci_registry.client.wire import Wire
from ..oci_registry.errors import BadInput, ProtocolError, RegistryError, TLSFailure

_TRIES = 2  # further ones
_AGAIN = Rule(None, 0.5)
_LONGEST_TRY = 5.0  # seconds
_LAST_WORD = 0.3  # seconds for what was told to stop
_MAX_ANSWER = 4096
_WORD = re.compile(rb"\A[a-z_]{2,40}\Z")  # Slack's own errors, such as no_service
_DEATHS = {REFUSED: "the connection is refused", TIMEOUT: "there was no answer in time"}


def send(url: str, text: str, ca_path: Optional[str], limit: float) -> str:
    """Empty where it was taken, else why not, in words. It takes ``limit`` seconds at most, whatever the other side does."""
    said: List[str] = []
    cancel = threading.Event()
    # what hangs in a resolver or trickles cannot be ended from here, and is not waited for
    thread = threading.Thread(target=lambda: said.append(_attempt(url, text, ca_path, limit, cancel)), daemon=True)
    thread.start()
    thread.join(limit)
    cancel.set()
    thread.join(_LAST_WORD)
    return said[0] if said else f"there was no answer within {limit:g} s"


def _attempt(url: str, text: str, ca_path: Optional[str], limit: float, cancel: threading.Event) -> str:
    try:
        origin, target = split_url(url)
    except ProtocolError as error:
        return f"what was given is no address of a webhook, but {error.what}"
    try:
        settings = checked(Settings("localhost", ca_path=ca_path or None, timeout=min(limit, _LONGEST_TRY), retries=_TRIES))
        return _deliver(origin, target, text, settings, cancel)
    except BadInput as error:
        return str(error)
    except TLSFailure as error:
        return f"{error.what}. Set notify_ca_path to the certificates that sign it, if they are not the system's"
    except RegistryError as error:
        return error.what
    except Exception as error:  # a notice that cannot be sent is no reason to fail
        return f"it could not be sent ({type(error).__name__})"


def _deliver(origin: Origin, target: str, text: str, settings: Settings, cancel: threading.Event) -> str:
    """Repeated only where it surely was not taken: refused, or answered with an error of the server's."""
    body = json.dumps({"text": text}).encode()
    headers = (("Content-Type", "application/json; charset=utf-8"), ("Content-Length", str(len(body))))
    message = Message("POST", target, headers, lambda: iter((body,)))
    tries = Tries(settings, cancel)
    with contextlib.closing(Wire(settings)) as wire:
        while True:
            said, again, retry_after = _try(wire, origin, message)
            if not again or not tries.another(_AGAIN, retry_after):
                return f"{said} ({tries})" if said and tries.count > 1 else said


def _try(wire: Wire, origin: Origin, message: Message) -> Tuple[str, bool, Optional[str]]:
    """(why it was not taken, whether it may be sent again, when the server wants that)."""
    try:
        answer = wire.finish(wire.send(origin, message), Collect(_MAX_ANSWER))
    except Died as death:
        return _DEATHS.get(death.kind, "the connection broke"), death.kind == REFUSED, None
    return _verdict(answer), answer.status == 429 or answer.status >= 500, answer.headers.get("retry-after")


def _verdict(answer: Answer) -> str:
    """Empty where the webhook took it."""
    body = answer.body.strip()
    if 200 <= answer.status < 300:
        return "a web page answers, and no webhook" if body.startswith(b"<") else ""
    word = f" ({body.decode()})" if _WORD.match(body) else ""
    if 300 <= answer.status < 400:
        return f"it answers {answer.status}, which leads elsewhere"
    return f"it answers {answer.status}{word}"
