# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a redirect leads, and whether it may be followed."""

from __future__ import annotations

from typing import Tuple

from ..errors import ProtocolError, TLSFailure
from .origin import Origin, resolve
from .redact import shown, where

STATUSES = frozenset((301, 302, 303, 307, 308))
MAX_REDIRECTS = 5


def next_place(origin: Origin, target: str, location: str) -> Tuple[Origin, str]:
    """The place that ``location``, in the answer to ``target`` of ``origin``, leads to: (origin, path with query)."""
    place = where(origin, target)
    try:
        following, address = resolve(origin, target, location)
    except ProtocolError as error:
        raise ProtocolError(f"redirects to {error.what}", where=place) from None
    if origin.scheme == "https" and following.scheme != "https":
        raise ProtocolError(f"redirects from https to {shown(following, address)}, which is not followed", where=place)
    if _is_same_over_tls(origin, target, following, address):
        raise TLSFailure("redirects to https", where=place, advice="Set scheme to https")
    return following, address


def _is_same_over_tls(origin: Origin, target: str, following: Origin, address: str) -> bool:
    """Whether a proxy in front of the registry sends whoever comes with plain HTTP to TLS."""
    return (origin.scheme, following.scheme) == ("http", "https") and origin.host == following.host and address == target
