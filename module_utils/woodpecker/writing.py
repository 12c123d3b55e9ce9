# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Plain data as lines of YAML, in the style that people write workflow files in."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, List

from ..yaml_file.document import is_plain

_SAFE = re.compile(r"[A-Za-z_./][A-Za-z0-9_./@$+=,()<>-]*(?:[ :/][A-Za-z0-9_./@$+=,()<>-]+)*\Z")
_SAFE_LINE = re.compile(r"[A-Za-z_./](?:[^#\r\n\t]*[^\s:#])?\Z")


def mapping_lines(data: Dict[str, Any]) -> List[str]:
    """A mapping in block style, its keys at the margin."""
    lines: List[str] = []
    for key, value in data.items():
        lines += _entry(f"{scalar(key)}:", value)
    return lines


def item_lines(value: Any, offset: int = 2) -> List[str]:
    """One item of a block sequence, its dash at the margin and what it holds ``offset`` characters further right."""
    if not isinstance(value, dict) or not value:
        return _entry("-", value)
    first, *rest = mapping_lines(value)
    return ["-" + " " * (offset - 1) + first, *(" " * offset + line if line else line for line in rest)]


def _entry(opening: str, value: Any) -> List[str]:
    """What stands after a key or a dash: on the same line where that can be read, else below."""
    if isinstance(value, str) and _is_block(value):
        header = "|" if value.endswith("\n") else "|-"
        return [f"{opening} {header}", *("  " + line if line else line for line in value.splitlines())]
    if isinstance(value, dict) and value:
        return [opening, *("  " + line if line else line for line in mapping_lines(value))]
    if isinstance(value, list) and not _is_short(value):
        return [opening, *("  " + line for item in value for line in item_lines(item))]
    return [f"{opening} {flow(value)}"]


def _is_block(value: str) -> bool:
    """Whether it is text of several lines that can be written as such."""
    lines = value.splitlines()
    whole = "\n".join(lines) in (value, value[:-1]) and all(line.isprintable() for line in lines)
    return "\n" in value and whole and lines[0][:1] not in ("", " ") and bool(lines[-1])


def _is_short(values: List[Any]) -> bool:
    """Whether a list fits on a line: words only."""
    return all(not isinstance(value, (dict, list)) and re.match(r"[^\s]*\Z", str(value)) for value in values)


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key, inside=True)}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(scalar(each, inside=True) if isinstance(each, str) else flow(each) for each in value) + "]"
    return scalar(value)


def scalar(value: Any, *, inside: bool = False) -> str:
    """A scalar, without quotes where every parser reads it as itself; ``inside`` a flow collection less may go without."""
    if not isinstance(value, str):
        return json.dumps(value)
    allowed = _SAFE if inside else _SAFE_LINE
    plain = allowed.match(value) and ": " not in value and " #" not in value and is_plain(value)
    if plain and not (inside and re.search(r"[\[\]{},]", value)):
        return value
    return f"'{value}'" if "'" not in value and value.isprintable() else json.dumps(value, ensure_ascii=False)
