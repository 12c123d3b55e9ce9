# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The difference that splices make, as a unified diff without context: the changed lines and no others."""

from __future__ import annotations

from itertools import groupby
from typing import List, Sequence, Set

from ..yaml_file.document import Document, children_of, nodes_of
from .scalars import Splice


def difference(document: Document, splices: Sequence[Splice]) -> str:
    """The diff, empty without splices. Of a line in flow style only the images are shown: the rest of it may hold secrets."""
    if not splices:
        return ""
    flow = _in_flow_style(document)
    text = [f"--- {document.path} (before)", f"+++ {document.path} (after)"]
    grown = 0  # lines that the hunks so far have taken away, as a negative number
    for first, group in groupby(splices, key=lambda one: document.line(one.start)):
        together = list(group)
        before, after = _lines(document, together, hide=any(id(one.node) in flow for one in together))
        text.append(f"@@ -{_range(first, before)} +{_range(first + grown, after)} @@")
        text += [f"-{line}" for line in before] + [f"+{line}" for line in after]
        grown += len(after) - len(before)
    return "\n".join(text) + "\n"


def _range(first: int, lines: List[str]) -> str:
    return str(first) if len(lines) == 1 else f"{first},{len(lines)}"


def _lines(document: Document, splices: List[Splice], *, hide: bool) -> tuple[List[str], List[str]]:
    """The lines that ``splices``, which begin in one line, change: before and after."""
    if hide:
        shown = " … ".join(one.node.value for one in splices), " … ".join(one.value for one in splices)
        return [f"… {shown[0]} …"], [f"… {shown[1]} …"]
    start, end = document.line_start(splices[0].start), document.line_end(splices[-1].end)
    after, position = "", start
    for one in splices:
        after += document.text[position : one.start] + one.new
        position = one.end
    after += document.text[position:end]
    return document.text[start:end].splitlines(), after.splitlines()


def _in_flow_style(document: Document) -> Set[int]:
    """The nodes that stand right in a mapping or sequence in flow style."""
    return {id(child) for node in nodes_of(document.root) if getattr(node, "flow_style", False) for child in children_of(node)}
