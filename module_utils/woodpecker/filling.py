# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the server makes of a text before any run is known: variables of the matrix filled in, and defaults of those that nobody sets."""

from __future__ import annotations

import itertools
import re
from typing import Any, Dict, List, Optional

from ..yaml_file.tree import is_mapping
from .values import plain
from .variables import Place, is_known, places
from .workflow import Workflow

_MOST_ROWS = 64  # of a matrix; the server takes fewer
_DEFAULT = re.compile(r"\$\{\w+(?::?=|:-)(.*)\}\Z", re.DOTALL)
_PLAIN = re.compile(r"\$\{\w+\}\Z")
UNKNOWN = "\0"  # stands for what only a run decides

Row = Dict[str, str]


def matrix_rows(workflow: Workflow) -> List[Row]:
    """The runs that a matrix makes of a workflow, as the values of its variables; one without any where there is no matrix."""
    node: Any = workflow.keys.get("matrix")
    axes = plain(workflow.document, node) if is_mapping(node) else {}
    included = axes.pop("include", None)
    if isinstance(included, list):
        rows = [{str(key): str(value) for key, value in row.items()} for row in included if isinstance(row, dict)]
        return rows[:_MOST_ROWS] or [{}]
    values = [[str(value) for value in each] if isinstance(each, list) else [str(each)] for each in axes.values()]
    return [dict(zip(axes, chosen)) for chosen in itertools.islice(itertools.product(*values), _MOST_ROWS)]


def filled(text: str, row: Row) -> str:
    """A text with what can be known filled in, and :data:`UNKNOWN` in place of the rest."""
    made: List[str] = []
    position = 0
    for place in places(text):
        made += [text[position : place.start], "$" if place.text == "$$" else _value(place, row)]
        position = place.end
    return "".join([*made, text[position:]])


def _value(place: Place, row: Row) -> str:
    default: Optional[Any] = _DEFAULT.match(place.text)
    if place.name in row and (default or _PLAIN.match(place.text)):
        return row[place.name]
    if default and not place.is_error and not is_known(place.name, set(row)):
        return filled(default[1], row)
    return UNKNOWN
