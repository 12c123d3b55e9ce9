# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Text from registries and machines, made safe to show: secrets in addresses masked, what cannot be seen made visible, long names cut. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Mapping

#: longest text that is shown whole where a name or a reason is expected
LONGEST = 160
_MASK = "***"
_USERINFO = re.compile(r"(?<=://)[^\s/?#\"'<>]*@")
_IN_QUERY = re.compile(r"([?&][\w-]{0,40}(?:token|secret|passw|signature|api[_-]?key)[\w-]{0,40}=)[^&\s\"'<>]+", re.IGNORECASE)
_DIGEST = re.compile(r"\b(sha(?:256|512)):([0-9a-f]{12})[0-9a-f]{20,}")
_ACCENTS = 2  # more marks than that on one letter are there to cover other lines


def masked(value: Any) -> Any:
    """The same data with what stands before the @ of an address, and secrets in its query, replaced in every text and key."""
    if isinstance(value, str):
        return _IN_QUERY.sub(rf"\g<1>{_MASK}", _USERINFO.sub(f"{_MASK}@", value)) if "://" in value or "=" in value else value
    if isinstance(value, Mapping):
        return {masked(str(key)): masked(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(inner) for inner in value]
    return value


def visible(text: object, lines: bool = False) -> str:
    """The text with every character that cannot be seen, or that reorders others, as an escape; ``lines`` keeps line ends and tabs."""
    kept = "\n\t" if lines else ""
    written = str(text)
    if written.isascii() and written.isprintable():
        return written
    shown, marks = [], 0
    for char in written:
        marks = marks + 1 if unicodedata.combining(char) else 0
        shown.append(char if char in kept or (char.isprintable() and marks <= _ACCENTS) else escape_of(char))
    return "".join(shown)


def escape_of(char: str) -> str:
    """One character as Python would escape it."""
    number = ord(char)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def short(text: object, longest: int = LONGEST) -> str:
    """Visible, digests shortened, and of a long text the beginning and the end."""
    line = _DIGEST.sub(r"\1:\2…", visible(text))
    if len(line) <= longest:
        return line
    end = longest // 3
    return f"{line[: longest - end - 1]}…{line[-end:]}"


def short_digest(digest: object) -> str:
    """``sha256:…`` to twelve digits; anything else like any text."""
    algorithm, colon, value = str(digest).partition(":")
    return visible(value[:12]) if colon and algorithm.startswith("sha") and value.isalnum() else short(digest, 20)


def width(text: str) -> int:
    """How many columns of a fixed-width font a text takes, about."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 0 if unicodedata.combining(char) else 1 for char in text)


def fitting(text: object, columns: int) -> str:
    """A text on one line of so many columns; what is cut is marked."""
    line = short(text, columns)
    while width(line) > columns and len(line) > 1:
        line = line[:-2] + "…"
    return line


_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|~&$])")
_STARTS = re.compile(r"\A(\s*)(\d+)?([-.=:])")


def markdown(text: object, longest: int = LONGEST) -> str:
    """One line that Markdown takes for plain text: no emphasis, link, image, HTML, table cell, mention or automatic address."""
    line = _MARKDOWN.sub(r"\\\1", short(" ".join(str(text).split(" ")), longest))
    line = _STARTS.sub(r"\1\2\\\3", line)
    return line.replace("://", ":\u200b//").replace("@", "@\u200b").replace("www.", "www\u200b.")


def code(text: object, longest: int = LONGEST) -> str:
    """The same as a piece of code: fenced by more backquotes than it holds."""
    line = short(text, longest)
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    space = " " if line.startswith("`") or line.endswith("`") or not line.strip() else ""
    return f"{fence}{space}{line or '-'}{space}{fence}"
