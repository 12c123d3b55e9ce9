# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""WWW-Authenticate: the challenges in it (RFC 9110, section 11)."""

from __future__ import annotations

import re
from typing import Dict, List, NamedTuple, Optional

_MAX_HEADER = 16 * 1024
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - a grammar
_PARAMETER = re.compile(rf'({_TOKEN})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))')
_SCHEME = re.compile(rf"({_TOKEN})(?:[ \t]+|(?=,)|\Z)")
_BLANK = re.compile(r"[ \t,]*")
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|\Z))")


class Challenge(NamedTuple):
    """One way to authenticate that a server offers."""

    scheme: str  # lower case
    parameters: Dict[str, str]  # lower-case names


def parse_challenges(header: str) -> List[Challenge]:
    """All challenges of a header, several of them joined with commas included; what cannot be parsed ends the list."""
    found: List[Challenge] = []
    text, position = header[:_MAX_HEADER], 0
    while position < len(text):
        position = _end(_BLANK, text, position)
        parameter = _PARAMETER.match(text, position)
        if parameter is not None and found:
            found[-1].parameters.setdefault(parameter[1].lower(), _value(parameter))
            position = parameter.end()
            continue
        scheme = _SCHEME.match(text, position)
        if scheme is None:
            break
        found.append(Challenge(scheme[1].lower(), {}))
        position = scheme.end()
        if _PARAMETER.match(text, position) is None and text[position : position + 1] != ",":
            position = _skip_token68(text, position)
    return found


def _skip_token68(text: str, position: int) -> int:
    """Skip the single value that some schemes have instead of parameters, unless it is the next scheme."""
    match = _TOKEN68.match(text, position)
    return match.end() if match is not None else position


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    match: Optional[re.Match[str]] = pattern.match(text, position)
    return match.end() if match is not None else position


def _value(parameter: re.Match[str]) -> str:
    if parameter[3] is not None:
        return str(parameter[3])
    return re.sub(r"\\(.)", r"\1", parameter[2])
