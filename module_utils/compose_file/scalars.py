# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Where exactly the characters of a scalar stand in the text, whatever its style, and how a new value is put there."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..oci_registry.errors import BadInput
from ..yaml_file.document import Document, is_plain, properties_length
from .interpolation import Change


class Written(NamedTuple):
    """A scalar's content: ``text[start:end]`` of the document, without tags, anchors, quotes or the header of a block.

    ``value`` is what it says, for a block without the line ends around it. ``literal``: the characters are the value, no escapes.
    """

    start: int
    end: int
    value: str
    style: str  # '', "'", '"', '|' or '>'
    literal: bool


class Splice(NamedTuple):
    """``text[start:end]`` of a document becomes ``new``; after that the scalar ``node`` says ``value``."""

    start: int
    end: int
    new: str
    node: Any
    value: str


def written(document: Document, node: Any) -> Written:
    """Find the content of a scalar. Raises BadInput for a block scalar of several lines."""
    start, end, style = node.start_mark.index, node.end_mark.index, node.style or ""
    start += properties_length(document, node)
    if style in ("|", ">"):
        return _block(document, node, start)
    inner = 1 if style else 0
    value = document.text[start + inner : end - inner]
    return Written(start + inner, end - inner, node.value, style, value == node.value)


def _block(document: Document, node: Any, start: int) -> Written:
    value = node.value.strip()
    header_end = document.line_end(start)
    found = document.text.find(value, header_end, node.end_mark.index)
    if found < 0 or not value:
        line = document.line(start)
        raise BadInput(f"line {line}: the image is spread over lines", where=document.path, advice="Write it on one line")
    return Written(found, found + len(value), value, node.style, True)


def splice(node: Any, place: Written, change: Change) -> Splice:
    """The change of a scalar's value as a change of the text."""
    value = change.of(place.value)
    whole = node.value.replace(place.value, value) if place.style in ("|", ">") else value
    if not place.style and not is_plain(value):
        return Splice(place.start, place.end, f'"{value}"', node, whole)
    if not place.literal:
        return Splice(place.start, place.end, value, node, whole)
    return Splice(place.start + change.start, place.start + change.end, change.text, node, whole)
