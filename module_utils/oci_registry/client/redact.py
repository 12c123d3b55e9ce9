# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What of an address may be shown: redirects carry signatures and links carry state, so only known-safe parts survive."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from .origin import Origin

#: query parameters that never hold a secret
SAFE_PARAMETERS = frozenset(("n", "last", "digest", "mount", "from", "scope", "service", "artifactType"))
_SHOWN = 300


def where(origin: Origin, target: str) -> str:
    """``host:port/path`` without any query: the place that an error message names."""
    return f"{origin.address}{target.partition('?')[0]}"[:_SHOWN]


def shown(origin: Origin, target: str) -> str:
    """The address as a URL, with the values of all but the known-safe parameters replaced."""
    path, _mark, query = target.partition("?")
    pairs = [(name, value if name in SAFE_PARAMETERS else "REDACTED") for name, value in parse_qsl(query, keep_blank_values=True)]
    text = f"{origin.scheme}://{origin.address}{path}"
    return (f"{text}?{urlencode(pairs, safe='/:,*')}" if pairs else text)[:_SHOWN]
