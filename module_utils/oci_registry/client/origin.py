# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Origins: where a URL leads to, and whether that is still the same place."""

from __future__ import annotations

import re
from typing import NamedTuple, Tuple
from urllib.parse import urljoin, urlsplit

from ..errors import ProtocolError

_PORTS = {"https": 443, "http": 80}
_UNSAFE = re.compile(r"[^\x21-\x7e]")


class Origin(NamedTuple):
    """Scheme, host (no brackets, lower case) and port: connections, credentials and trust belong to one of these."""

    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """``host`` or ``host:port`` as the Host header wants it."""
        return self.host_text if self.port == _PORTS[self.scheme] else self.address

    @property
    def address(self) -> str:
        """``host:port``, the port always said: for messages."""
        return f"{self.host_text}:{self.port}"

    @property
    def host_text(self) -> str:
        """The host as it stands in a URL: IPv6 in brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host


def origin_of(scheme: str, netloc: str) -> Origin:
    """The origin of a checked ``host[:port]``."""
    parts = urlsplit(f"{scheme}://{netloc}")
    return Origin(scheme, parts.hostname or "", parts.port or _PORTS[scheme])


def split_url(url: str) -> Tuple[Origin, str]:
    """An absolute http(s) URL as (origin, path with query); :class:`ProtocolError` for anything else."""
    if _UNSAFE.search(url):
        raise ProtocolError("an address with blanks or control characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ProtocolError("an address that is none") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ProtocolError("an address that is not http or https")
    if parts.username is not None:
        raise ProtocolError("an address with credentials in it")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Origin(parts.scheme, parts.hostname, port or _PORTS[parts.scheme]), target


def resolve(origin: Origin, target: str, location: str) -> Tuple[Origin, str]:
    """Where ``location``, found in the answer to ``target``, leads: (origin, path with query)."""
    if not location or _UNSAFE.search(location):
        raise ProtocolError("an address with blanks or control characters" if location else "no address at all")
    try:
        url = urljoin(f"{origin.scheme}://{origin.address}{target}", location)
    except ValueError:
        raise ProtocolError("an address that is none") from None
    return split_url(url)
