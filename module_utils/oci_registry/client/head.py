# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The heads of HTTP/1.1 messages: requests written, answers parsed, both strictly.

Why not ``http.client``: it has no bound on interim answers nor on the time that a head may take, and parses headers as e-mail, a
third of its cost (``docs/decisions/http-client.md``).
"""

from __future__ import annotations

import re
from typing import Dict, Iterable, NamedTuple, Optional, Tuple

from ..errors import ProtocolError

MAX_HEAD_BYTES = 64 * 1024
CHUNKED, UNTIL_CLOSE = -1, -2

_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: |\Z)")
_UNSAFE_TARGET = re.compile(r"[^\x21-\x7e]")
_UNSAFE_VALUE = re.compile(r"[^\x20-\x7e]")

Headers = Tuple[Tuple[str, str], ...]


class Head(NamedTuple):
    """Status and headers of one answer, and what they say of the body that follows."""

    status: int
    headers: Dict[str, str]  # lower-case names; repeated ones joined with ", "
    length: Optional[int]  # the declared Content-Length
    framing: int  # bytes of body that follow, or CHUNKED, or UNTIL_CLOSE
    keep_alive: bool


def format_request(method: str, target: str, headers: Iterable[Tuple[str, str]]) -> bytes:
    """The head of a request as bytes; :class:`ProtocolError` where a part could break out of its line."""
    if _UNSAFE_TARGET.search(target):
        raise ProtocolError("an address with blanks or control characters")
    lines = [f"{method} {target} HTTP/1.1"]
    for name, value in headers:
        if _UNSAFE_VALUE.search(value):
            raise ProtocolError(f"a value for the header {name} with control characters")
        lines.append(f"{name}: {value}")
    lines.append("\r\n")
    return "\r\n".join(lines).encode("ascii")


def parse_head(block: bytes, method: str) -> Head:
    """Parse the head of an answer to ``method``, without its final blank line."""
    lines = block.decode("latin-1").split("\r\n")
    match = _STATUS_LINE.match(lines[0])
    if match is None:
        raise ProtocolError("an answer that is not HTTP/1.1")
    status, headers = int(match.group(2)), _parse_headers(lines[1:])
    length = _parse_length(headers.get("content-length"))
    framing = _framing(method, status, headers.get("transfer-encoding"), length)
    closes = match.group(1) == "0" or "close" in headers.get("connection", "").lower()
    return Head(status, headers, length, framing, not closes and framing != UNTIL_CLOSE)


def _parse_headers(lines: Iterable[str]) -> Dict[str, str]:
    headers: Dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name[0] in " \t" or name[-1] in " \t":
            raise ProtocolError("an answer with a malformed header line")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _parse_length(text: Optional[str]) -> Optional[int]:
    if text is None:
        return None
    values = {part.strip() for part in text.split(",")}
    value = values.pop()
    if values or not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise ProtocolError("an answer with a Content-Length that is none")
    return int(value)


def _framing(method: str, status: int, encoding: Optional[str], length: Optional[int]) -> int:
    if method == "HEAD" or status in (204, 304) or status < 200:
        return 0
    if encoding is not None and encoding.lower() != "identity":
        if encoding.lower() != "chunked":
            raise ProtocolError("an answer in an unknown transfer encoding")
        return CHUNKED
    return UNTIL_CLOSE if length is None else length
