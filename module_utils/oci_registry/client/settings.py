# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a client needs to know to reach one registry."""

from __future__ import annotations

import ipaddress
import ssl
from typing import NamedTuple, Optional

from ..errors import BadInput
from ..reference import HOST

_MAX_TIMEOUT = 86400.0


class Settings(NamedTuple):
    """How to reach one registry. :func:`checked` refuses what cannot be used."""

    registry: str  # "host[:port]", never a URL
    scheme: str = "https"  # or "http"
    username: Optional[str] = None
    password: Optional[str] = None
    ca_path: Optional[str] = None  # a PEM file, trusted in addition to the system's own certificates
    validate_certs: bool = True
    timeout: float = 30.0  # seconds to connect, and for each read
    retries: int = 4  # further tries; client/retry.py says after what
    retry_wait_cap: float = 60.0  # seconds; the longest wait that a Retry-After can ask for
    rate: float = 0.0  # requests a second that the registry is asked at most; 0: as many as it answers

    def __repr__(self) -> str:
        return f"Settings({self.scheme}://{self.registry}, username={self.username!r})"


def checked(settings: Settings) -> Settings:
    """Return ``settings``, or raise :class:`BadInput` for the first part that cannot be used."""
    _check_registry(settings.registry)
    _check_credentials(settings)
    _check_numbers(settings)
    if settings.scheme not in ("https", "http"):
        raise BadInput(f"scheme {str(settings.scheme)[:20]!r} is neither https nor http")
    if settings.ca_path is not None:
        _check_ca(settings.ca_path)
    return settings


def _check_registry(registry: object) -> None:
    if isinstance(registry, str) and HOST.match(registry):
        _host, colon, port = registry.rpartition(":")
        if (not colon or registry.endswith("]") or 0 < int(port) < 65536) and _can_be_read(registry):
            return
    shown = str(registry)[:100].rpartition("@")[2]
    raise BadInput(f"{shown!r} is no registry", advice="Expected host[:port], without scheme, path or credentials")


def _can_be_read(registry: str) -> bool:
    """In brackets there must be an IPv6 address."""
    try:
        return "]" not in registry or bool(ipaddress.IPv6Address(registry[1 : registry.index("]")]))
    except ValueError:
        return False


def _check_credentials(settings: Settings) -> None:
    if (settings.username is None) != (settings.password is None):
        raise BadInput("username and password go together", advice="Give both or neither")
    if settings.username is not None and ":" in settings.username:
        raise BadInput("the username contains a colon, which HTTP Basic authentication cannot carry")


def _check_numbers(settings: Settings) -> None:
    if not 0 < settings.timeout <= _MAX_TIMEOUT:
        raise BadInput(f"timeout is {settings.timeout}", advice=f"Expected seconds, more than 0 and at most {_MAX_TIMEOUT:g}")
    if settings.retries < 0 or settings.retry_wait_cap < 0 or settings.rate < 0:
        raise BadInput("retries, retry_wait_cap and rate cannot be negative")


def _check_ca(path: str) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise BadInput("ca_path is no PEM file with certificates", where=path) from None
    except OSError as error:
        raise BadInput(f"ca_path cannot be read ({error.strerror})", where=path) from None
