# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The log of a step as lines of text. Pure: what the server gives in, what a person can read out.

Each entry is one line in base64, or null for an empty one, with whatever bytes the step wrote.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, List

from ..oci_registry.errors import ProtocolError

_OUTPUT = (0, 1)  # standard output and error; the others are exit code, metadata and progress
_LONGEST = 2000  # characters of a line
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def read_log(body: Any, where: str = "") -> List[str]:
    """The lines of a whole log, in order. Raises ProtocolError for what is none; null is an empty one."""
    if body is None:
        return []
    if not isinstance(body, list) or not all(isinstance(entry, dict) for entry in body):
        raise ProtocolError("answered something else than a log", where=where)
    entries = [entry for entry in body if entry.get("type", 0) in _OUTPUT]
    entries.sort(key=_place)
    return [line for entry in entries for line in _lines(entry.get("data"))]


def _place(entry: Any) -> int:
    line = entry.get("line")
    return line if isinstance(line, int) else 0


def _lines(data: Any) -> List[str]:
    """One line as a rule; what a step wrote over the same line is what it wrote last."""
    lines = (clean(line.rsplit("\r", 1)[-1]) for line in decoded(data).replace("\r\n", "\n").rstrip("\r\n").split("\n"))
    return list(lines)


def decoded(data: Any) -> str:
    """The text of one entry; bytes that are no UTF-8 become replacement characters."""
    if not isinstance(data, str):
        return ""
    try:
        return base64.b64decode(data, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return data


def clean(text: str) -> str:
    """A line without colours, movements of the cursor and other control characters."""
    return _CONTROL.sub("", _ANSI.sub("", text))[:_LONGEST].rstrip()
