# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A file as text and as the tree of nodes that PyYAML sees in it, each node with its position in the text."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from typing import Any, Dict, List, NamedTuple, Tuple

from ..oci_registry.errors import BadInput, MissingLibrary

try:
    import yaml
except ImportError:  # said when a document is read: importing this must not need it
    HAS_YAML = False
else:
    HAS_YAML = True

#: Deeper than any file that people write; the C parser would overflow its stack far beyond.
MAX_DEPTH = 100
MAX_BYTES = 16 * 1024 * 1024
_BOM = "\ufeff"
_LINE_END = re.compile(r"\r\n?|\n")
_INDENTATION = "YAML is indented with spaces, never with tabs"


class Document(NamedTuple):
    """One file. ``text`` is without the byte order mark, so that positions of ``root`` and its nodes count from its start."""

    path: str
    has_bom: bool
    text: str
    root: Any  # yaml.MappingNode
    lines: List[int]  # where each line starts

    def line(self, position: int) -> int:
        """The line, from 1, that a position of the text is in."""
        return bisect_right(self.lines, position)

    def line_start(self, position: int) -> int:
        """Where the line that a position is in starts."""
        return self.lines[self.line(position) - 1]

    def line_end(self, position: int) -> int:
        """Where the line that a position is in ends, its line end left out."""
        found = _LINE_END.search(self.text, position)
        return found.start() if found else len(self.text)

    def encoded(self, text: str) -> bytes:
        """Another text for this file, as the bytes to write."""
        return ((_BOM if self.has_bom else "") + text).encode("utf-8")


def read_document(path: str, content: bytes, kind: str = "compose file") -> Document:
    """Parse ``content``, which ``path`` holds and should be a ``kind``. Raises BadInput unless it is one YAML mapping without duplicate keys."""
    if not HAS_YAML:
        raise MissingLibrary(
            "PyYAML is not there for this Python", where=path, advice="Install it on the host (Debian: python3-yaml)"
        )
    if len(content) > MAX_BYTES:
        raise BadInput(f"is larger than {MAX_BYTES >> 20} MiB", where=path)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"is not UTF-8 (byte {error.start})", where=path) from None
    bare = text[1:] if text.startswith(_BOM) else text
    lines = [0, *(found.end() for found in _LINE_END.finditer(bare))]
    document = Document(path, bare is not text, bare, _root(path, bare), lines)
    if not isinstance(document.root, yaml.MappingNode):
        raise BadInput(f"is no {kind}: it holds no mapping", where=path)
    _refuse_duplicate_keys(document)
    return document


def _root(path: str, text: str) -> Any:
    try:
        _check_shape(path, text)
        return yaml.compose(text, Loader=_loader())
    except yaml.YAMLError as error:
        raise BadInput(_told(error), where=path, advice=_INDENTATION if _is_at_tab(error, text) else "") from None


def _loader() -> Any:
    """The parser of libyaml, which is ten times as fast, or the one in Python where PyYAML was built without it."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _check_shape(path: str, text: str) -> None:
    """One document, of a depth that is safe to recurse into."""
    event: Any
    depth = documents = 0
    for event in yaml.parse(text, Loader=_loader()):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        if documents > 1:
            line = event.start_mark.line + 1
            raise BadInput(f"line {line}: a second document begins", where=path, advice="Keep one document in the file")
        if depth > MAX_DEPTH:
            raise BadInput(f"line {event.start_mark.line + 1}: nested deeper than {MAX_DEPTH} levels", where=path)


def _told(error: Any) -> str:
    """What the parser says and where. Its excerpt of the file is left out: it might show a secret."""
    mark = getattr(error, "problem_mark", None)
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    context = getattr(error, "context", None) or ""
    if context.startswith("found duplicate anchor"):
        return f"{place}{context.partition(';')[0]}, which not every parser takes"
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    return f"{place}this is not valid YAML: {problem}"


def _is_at_tab(error: Any, text: str) -> bool:
    mark = getattr(error, "problem_mark", None)
    return mark is not None and text[mark.index : mark.index + 1] == "\t"


def nodes_of(root: Any) -> List[Any]:
    """Every node below ``root``, itself included, once each: aliases lead to the node that they name."""
    found, seen, waiting = [], set(), [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        found.append(node)
        waiting.extend(children_of(node))
    return found


def children_of(node: Any) -> List[Any]:
    """The nodes right below a node: keys and values of a mapping, items of a sequence, nothing of a scalar."""
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def tokens_of(document: Document) -> List[Tuple[int, int]]:
    """Where each token of the text that takes room starts and ends, in order; aliases are among them."""
    found = ((token.start_mark.index, token.end_mark.index) for token in yaml.scan(document.text, Loader=_loader()))
    return [(start, end) for start, end in found if end > start]


def properties_length(document: Document, node: Any) -> int:
    """How many characters the tag and the anchor of a scalar take, with what separates them from its content."""
    written = document.text[node.start_mark.index : node.end_mark.index]
    if written[:1] not in ("&", "!"):
        return 0
    try:
        tokens = list(yaml.scan(written, Loader=_loader()))
    except yaml.YAMLError:
        what = f"line {document.line(node.start_mark.index)}: the tag or anchor of this value cannot be told from it"
        raise BadInput(what, where=document.path, advice="Write the value on the same line") from None
    return next((int(token.start_mark.index) for token in tokens if isinstance(token, yaml.ScalarToken)), len(written))


@cache
def is_plain(value: str) -> bool:
    """Whether a string can be written without quotes and still be read as that string."""
    try:
        return bool(yaml.safe_load(value) == value)
    except (yaml.YAMLError, ValueError):
        return False


def _refuse_duplicate_keys(document: Document) -> None:
    for node in nodes_of(document.root):
        if isinstance(node, yaml.MappingNode):
            seen: Dict[Tuple[str, str], int] = {}
            for key, _value in node.value:
                if isinstance(key, yaml.ScalarNode):
                    first = seen.setdefault((key.tag, key.value), key.start_mark.index)
                    if first != key.start_mark.index:
                        line, other = document.line(key.start_mark.index), document.line(first)
                        what = f"line {line}: the key {key.value!r} stands in line {other} already"
                        raise BadInput(what, where=document.path, advice="Keep one of the two")
