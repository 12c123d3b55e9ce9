# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a node says, as plain Python data, merges of mappings and (as Woodpecker has them) of lists followed."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from ..oci_registry.errors import BadInput
from ..yaml_file.document import Document
from ..yaml_file.tree import effective, is_mapping, is_scalar

_MERGE = "tag:yaml.org,2002:merge"
_INT, _FLOAT, _BOOL, _NULL = (f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null"))
_TRUE = ("true", "yes", "on", "y")
_MOST = 20_000  # values: aliases can make a small file stand for billions


def is_sequence(node: Any) -> bool:
    """Whether it is a sequence; false for None."""
    return getattr(node, "id", "") == "sequence"


def items(node: Any) -> List[Any]:
    """The items of a sequence, with those of the lists that ``- <<: *list`` brings in."""
    return [item for item, _number in placed_items(node)]


def placed_items(node: Any) -> List[Tuple[Any, int]]:
    """Each item of a sequence with its number in it, -1 for those that ``- <<: *list`` brings in."""
    found: List[Tuple[Any, int]] = []
    for number, item in enumerate(node.value):
        brought = _list_merge(item)
        found += [(item, number)] if brought is None else [(each, -1) for each in brought.value]
    return found


def _list_merge(item: Any) -> Any:
    """The sequence that an item such as ``<<: *list`` stands for, or None."""
    if not is_mapping(item) or len(item.value) != 1:
        return None
    key, value = item.value[0]
    return value if key.tag == _MERGE and is_sequence(value) else None


def plain(document: Document, node: Any) -> Any:
    """``node`` as dicts, lists and scalars. Raises BadInput where it holds itself or is too large."""
    return _Reader(document).read(node)


class _Reader:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._left = _MOST
        self._open: List[int] = []

    def read(self, node: Any) -> Any:
        self._left -= 1
        if id(node) in self._open or self._left < 0:
            line = self._document.line(node.start_mark.index)
            raise BadInput(f"line {line}: its aliases make it endless", where=self._document.path, advice="Write it out")
        if is_scalar(node):
            return _scalar(node)
        self._open.append(id(node))
        made = self._mapping(node) if is_mapping(node) else [self.read(item) for item in items(node)]
        self._open.pop()
        return made

    def _mapping(self, node: Any) -> Dict[str, Any]:
        return {key: self.read(value) for key, value in effective(self._document, node).items()}


def _scalar(node: Any) -> Any:
    """Text unless it is a number, true, false or nothing; what only some parsers take for a number stays text."""
    text = node.value
    try:
        if node.tag == _INT:
            return int(text)
        if node.tag == _FLOAT:
            return float(text)
    except ValueError:
        return text
    if node.tag == _BOOL:
        return text.lower() in _TRUE
    return None if node.tag == _NULL else text


def texts(node: Any) -> List[Any]:
    """The scalar nodes of a value that may be one scalar or a list of them; anything else in the list is left out."""
    if is_sequence(node):
        return [item for item in items(node) if is_scalar(item)]
    return [node] if is_scalar(node) else []
