# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Opening a connection: through a proxy if the environment names one, with TLS if the origin wants it."""

from __future__ import annotations

import re
import socket
import ssl
from typing import Callable, NamedTuple, Optional

from ..cut import CUT
from ..errors import TLSFailure, Unreachable
from .death import DIED, Died, death_of
from .head import MAX_HEAD_BYTES, Headers, format_request
from .origin import Origin
from .proxy import Proxy, proxy_for
from .tls import explain

_TUNNEL_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})")


class Dialled(NamedTuple):
    """A connected socket, and what a proxy wants to see in every request over it."""

    sock: socket.socket
    prefix: str = ""  # stands before the path in the request line
    headers: Headers = ()
    not_after: float = 0.0  # when the server's certificate expires, in seconds since 1970; 0 without one that was validated


def dial(origin: Origin, context: Callable[[], ssl.SSLContext], timeout: float) -> Dialled:
    """Connect to ``origin``. Raises :class:`Died`, :class:`Unreachable` or :class:`TLSFailure`."""
    proxy = proxy_for(origin)
    sock = _connect(proxy.host if proxy else origin.host, proxy.port if proxy else origin.port, timeout)
    try:
        if origin.scheme == "http":
            return Dialled(sock, f"http://{origin.netloc}", proxy.headers) if proxy else Dialled(sock)
        if proxy is not None:
            _open_tunnel(sock, origin, proxy, timeout)
        secure = _handshake(sock, origin, context(), timeout)
        return Dialled(secure, not_after=_not_after(secure))
    except BaseException:
        sock.close()
        raise


def _connect(host: str, port: int, timeout: float) -> socket.socket:
    try:
        sock = socket.create_connection((host, port), timeout)
    except (socket.gaierror, UnicodeError) as error:
        if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
            raise Died(DIED, f"the name {host} does not resolve for now: no name server answers") from None
        advice = "Check the spelling, and the resolver of this machine"
        raise Unreachable("the name does not resolve", where=host, advice=advice) from None
    except OSError as error:
        raise death_of(error, timeout, f"connecting to {host}:{port}") from None
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _handshake(sock: socket.socket, origin: Origin, context: ssl.SSLContext, timeout: float) -> ssl.SSLSocket:
    try:
        return context.wrap_socket(sock, server_hostname=origin.host)
    except CUT as error:
        raise death_of(error, timeout, "opening TLS") from None
    except ssl.SSLError as error:
        raise explain(error, origin.address) from None
    except OSError as error:
        raise death_of(error, timeout, "opening TLS") from None
    except ValueError:
        raise TLSFailure("the host is no name that a certificate can carry", where=origin.address) from None


def _not_after(sock: ssl.SSLSocket) -> float:
    """Python tells what is in a certificate only where it was validated."""
    named = (sock.getpeercert() or {}).get("notAfter")
    return float(ssl.cert_time_to_seconds(named)) if isinstance(named, str) else 0.0


def _open_tunnel(sock: socket.socket, origin: Origin, proxy: Proxy, timeout: float) -> None:
    """Ask the proxy for a way through; it must answer 200 before anything secret is said."""
    try:
        sock.sendall(format_request("CONNECT", origin.address, (("Host", origin.address), *proxy.headers)))
        status = _tunnel_status(sock)
    except OSError as error:
        raise death_of(error, timeout, f"asking the proxy {proxy.host}:{proxy.port}") from None
    if status != 200:
        advice = "Set no_proxy for this host if it needs no proxy"
        raise Unreachable(f"the proxy {proxy.host}:{proxy.port} answers {status}", where=origin.address, advice=advice)


def _tunnel_status(sock: socket.socket) -> Optional[int]:
    """The status of the proxy's answer. Read byte by byte: what follows it belongs to TLS."""
    block = b""
    while not block.endswith(b"\r\n\r\n"):
        piece = sock.recv(1)
        if not piece or len(block) > MAX_HEAD_BYTES:
            raise Died(DIED, "the proxy gives no valid answer")
        block += piece
    match = _TUNNEL_STATUS.match(block)
    return int(match.group(1)) if match else None
