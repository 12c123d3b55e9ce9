# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the pieces of a file begin and end on the page: what node positions alone do not tell."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import Any, Dict, List, Tuple

from ..oci_registry.errors import BadInput
from ..yaml_file.document import Document, children_of, nodes_of, tokens_of

_LINE = re.compile(r"\r\n?|\n")


class Layout:
    """One document with its tokens, which know the places of aliases too."""

    def __init__(self, document: Document) -> None:
        self.document = document
        found = _LINE.search(document.text)
        self.newline = found.group() if found else "\n"
        self._tokens = tokens_of(document)
        self._starts = [start for start, _end in self._tokens]
        self._uses = _uses(document.root)

    def end(self, node: Any) -> int:
        """Where the last character of a node stands, comments and blank lines after it left out."""
        if node.id == "scalar" or node.flow_style:
            return self._trimmed(node.start_mark.index, node.end_mark.index, node)
        start, end = self._tokens[bisect_left(self._starts, node.end_mark.index) - 1]
        return self._trimmed(start, end, None)

    def _trimmed(self, start: int, end: int, node: Any) -> int:
        """Block scalars end where the next thing begins: the blank lines in between belong to nobody."""
        text = self.document.text[start:end]
        return start + len(text.rstrip()) if node is None or getattr(node, "style", None) in ("|", ">") else end

    def is_within(self, parent: Any, child: Any) -> bool:
        """Whether ``child`` is written in ``parent``, and not somewhere else with an alias here."""
        inside = parent.start_mark.index <= child.start_mark.index and child.end_mark.index <= parent.end_mark.index
        return bool(inside)

    def is_shared(self, node: Any) -> bool:
        """Whether a node is used in more places than one."""
        return self._uses.get(id(node), 0) > 1

    def line(self, node: Any) -> int:
        """The line, from 1, that a node begins in."""
        return self.document.line(node.start_mark.index)

    def column(self, position: int) -> int:
        """How many characters stand before a position in its line."""
        return position - self.document.line_start(position)

    def dash(self, sequence: Any, index: int) -> int:
        """The column of the dash before an item of a block sequence."""
        if self.document.text[sequence.start_mark.index] == "-":
            return self.column(sequence.start_mark.index)
        start = sequence.value[index].start_mark.index
        before = self.document.text[:start].rstrip()
        if not before.endswith("-") or not self.is_within(sequence, sequence.value[index]):
            raise self.refusal(sequence, "the items of this list are not written here", "Write them out, one after the other")
        return self.column(len(before) - 1)

    def value_of_key(self, key: Any) -> Tuple[int, int]:
        """Where what stands behind a key and its colon starts and ends, if that is one word such as an alias."""
        first = bisect_left(self._starts, key.end_mark.index)
        return self._tokens[first + 1]

    def next_line(self, position: int) -> int:
        """Where the line after that of a position starts; the end of the text where there is none."""
        found = _LINE.search(self.document.text, position)
        return found.end() if found else len(self.document.text)

    def refusal(self, node: Any, what: str, advice: str = "") -> BadInput:
        """An error at a node."""
        return BadInput(f"line {self.line(node)}: {what}", where=self.document.path, advice=advice)


def _uses(root: Any) -> Dict[int, int]:
    counted: Dict[int, int] = {}
    for node in nodes_of(root):
        for child in children_of(node):
            counted[id(child)] = counted.get(id(child), 0) + 1
    return counted


def indented(lines: List[str], column: int) -> List[str]:
    """Lines moved right, empty ones left empty."""
    return [" " * column + line if line else line for line in lines]
