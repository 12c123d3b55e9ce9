# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Proxies, as http_proxy, https_proxy and no_proxy in the environment name them."""

from __future__ import annotations

import base64
from typing import NamedTuple, Optional
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from ..errors import BadInput
from .head import Headers
from .origin import Origin


class Proxy(NamedTuple):
    """An HTTP proxy: where it listens, and the headers that it wants to see."""

    host: str
    port: int
    headers: Headers


def proxy_for(origin: Origin) -> Optional[Proxy]:
    """The proxy that the environment names for ``origin``, or None; :class:`BadInput` for one of an unknown kind."""
    address = getproxies().get(origin.scheme)
    if not address or proxy_bypass(origin.address):
        return None
    return _parse(address, f"{origin.scheme}_proxy")


def _parse(address: str, variable: str) -> Proxy:
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        host = None
    if not host or parts.scheme != "http":
        raise BadInput(f"the environment's {variable} is no HTTP proxy", advice="Expected http://host:port")
    if parts.username is None:
        return Proxy(host, port, ())
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return Proxy(host, port, (("Proxy-Authorization", "Basic " + base64.b64encode(pair.encode()).decode()),))
