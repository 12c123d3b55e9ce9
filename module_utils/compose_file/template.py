# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Compose's interpolation: ``$VAR``, ``${VAR:-default}`` and its kin, as parts with their positions in a value."""

from __future__ import annotations

import re
from typing import List, NamedTuple, Tuple, Union

from ..oci_registry.errors import BadInput

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_OPENING = re.compile(rf"\$(?:(?P<escaped>\$)|(?P<plain>{_NAME})|\{{(?P<braced>{_NAME})(?P<operator>:?[-+?])?)")
MAX_DEPTH = 20


class Literal(NamedTuple):
    """Text that stands for itself; ``$$`` stands for one dollar."""

    start: int
    end: int
    text: str


class Variable(NamedTuple):
    """One variable. ``operator`` is empty or one of ``- :- ? :? + :+``; ``argument`` is what follows it."""

    start: int
    end: int
    name: str
    operator: str
    argument: Tuple[Union[Literal, Variable], ...]


Part = Union[Literal, Variable]


def parse_template(value: str) -> Tuple[Part, ...]:
    """The parts of a value, in order and without gaps. Raises BadInput where compose would refuse it."""
    parts, _end = _parse(value, 0, 0)
    return parts


def _parse(value: str, position: int, depth: int) -> Tuple[Tuple[Part, ...], int]:
    """Parts from ``position`` to the end or, inside braces (depth above 0), to the brace that closes them."""
    if depth > MAX_DEPTH:
        raise _invalid("variables are nested too deep")
    parts: List[Part] = []
    while position < len(value) and not (depth and value[position] == "}"):
        part = _dollar(value, position, depth) if value[position] == "$" else _text(value, position, depth)
        parts.append(part)
        position = part.end
    return tuple(parts), position


def _text(value: str, position: int, depth: int) -> Literal:
    stops = [value.find(stop, position) for stop in ("$}" if depth else "$")]
    end = min((stop for stop in stops if stop >= 0), default=len(value))
    return Literal(position, end, value[position:end])


def _dollar(value: str, position: int, depth: int) -> Part:
    found = _OPENING.match(value, position)
    if not found:
        raise _invalid("a dollar sign begins no variable")
    if found["escaped"]:
        return Literal(position, found.end(), "$")
    if found["plain"]:
        return Variable(position, found.end(), found["plain"], "", ())
    argument, end = _parse(value, found.end(), depth + 1) if found["operator"] else ((), found.end())
    if value[end : end + 1] != "}":
        raise _invalid(f"the braces of {found['braced']} are not closed")
    return Variable(position, end + 1, found["braced"], found["operator"] or "", argument)


def _invalid(what: str) -> BadInput:
    return BadInput(what, advice="A dollar sign that is meant as such is written $$")
