# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Carries out splices on a text, and proves on the parsed result that only the wanted values are different."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Set, Tuple

from ..oci_registry.errors import ApplyFailed
from ..yaml_file.document import Document, children_of, read_document
from ..yaml_file.tree import is_scalar
from .scalars import Splice


def spliced(document: Document, splices: Sequence[Splice]) -> bytes:
    """The bytes of the file after ``splices``, which are in the order of the text. Raises ApplyFailed if the result says anything else."""
    pieces: List[str] = []
    position = 0
    for one in splices:
        pieces += [document.text[position : one.start], one.new]
        position = one.end
    content = document.encoded("".join(pieces) + document.text[position:])
    if splices:
        _prove(document, read_document(document.path, content), splices)
    return content


def _prove(before: Document, after: Document, splices: Sequence[Splice]) -> None:
    wanted = {id(one.node): one.value for one in splices}
    seen: Set[Tuple[int, int]] = set()
    waiting: List[Tuple[Any, Any]] = [(before.root, after.root)]
    while waiting:
        old, new = waiting.pop()
        if (id(old), id(new)) in seen:
            continue
        seen.add((id(old), id(new)))
        children = list(zip(children_of(old), children_of(new)))
        if not _is_as_wanted(old, new, wanted) or len(children_of(old)) != len(children_of(new)):
            line = before.line(old.start_mark.index)
            what = f"line {line}: it would not say what it should after the change, so nothing was written"
            raise ApplyFailed(what, where=before.path, advice="Write the image as a plain value on one line")
        waiting.extend(children)


def _is_as_wanted(old: Any, new: Any, wanted: Dict[int, str]) -> bool:
    if old.id != new.id:
        return False
    if id(old) in wanted:
        return bool(new.value == wanted[id(old)])
    return bool(old.tag == new.tag and (not is_scalar(old) or old.value == new.value))
