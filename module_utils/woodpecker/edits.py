# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Changes of a file, as text to cut and put in, each with what the parsed result must say afterwards; and the proof that it does."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Set, Tuple

from ..oci_registry.errors import ApplyFailed, RegistryError
from ..yaml_file.document import Document, children_of, read_document
from ..yaml_file.tree import is_scalar
from .values import plain


class Splice(NamedTuple):
    """``text[start:end]`` of a document becomes ``new``."""

    start: int
    end: int
    new: str


class Edits:
    """All changes that a run wants, collected."""

    def __init__(self, document: Document, added: str = "") -> None:
        """``added`` stands at the end of the document, but not of its file."""
        self.document = document
        self._added_end = added
        self.splices: List[Splice] = []
        self.done: List[str] = []  # one sentence for people each
        self.hidden: List[Tuple[int, int]] = []  # what of the text no difference may show
        self._values: Dict[int, Any] = {}
        self._added: Dict[int, List[Tuple[int, Any]]] = {}

    def splice(self, start: int, end: int, new: str) -> None:
        """Change the text."""
        self.splices.append(Splice(start, end, new))

    def expect(self, node: Any, value: Any) -> None:
        """After the changes ``node`` says ``value``."""
        self._values[id(node)] = value

    def expect_added(self, parent: Any, position: int, value: Any) -> None:
        """After the changes a sequence has ``value`` more, or a mapping a (key, value), before what is at ``position`` now."""
        self._added.setdefault(id(parent), []).append((position, value))

    def content(self) -> bytes:
        """The bytes of the file after all changes. Raises ApplyFailed if that would say anything else than it should."""
        text = spliced(self.document.text, self.splices)
        if self.splices:
            try:
                after = read_document(self.document.path, self.document.encoded(text), "Woodpecker workflow")
            except RegistryError as error:
                raise ApplyFailed(f"it could not be read after the change ({error.what})", where=self.document.path) from None
            self._prove(after)
        is_there = self._added_end and text.endswith(self._added_end)
        return self.document.encoded(text[: -len(self._added_end)] if is_there else text)

    def _prove(self, after: Document) -> None:
        seen: Set[Tuple[int, int]] = set()
        waiting: List[Tuple[Any, Any]] = [(self.document.root, after.root)]
        while waiting:
            old, new = waiting.pop()
            if (id(old), id(new)) in seen:
                continue
            seen.add((id(old), id(new)))
            if id(old) in self._values:
                same = plain(after, new) == self._values[id(old)]
            else:
                rest = self._without_added(after, old, new)
                same = old.id == new.id and old.tag == new.tag and (not is_scalar(old) or old.value == new.value)
                same = same and rest is not None and len(rest) == len(children_of(old))
                waiting.extend(zip(children_of(old), rest or []))
            if not same:
                line = self.document.line(old.start_mark.index)
                what = f"line {line}: it would not say what it should after the change, so nothing was written"
                raise ApplyFailed(what, where=self.document.path, advice="Write this part in a simpler form")

    def _without_added(self, after: Document, old: Any, new: Any) -> Any:
        """The children of ``new`` but for those that were to be added; None where these are not there."""
        added = sorted(self._added.get(id(old), []), key=lambda one: one[0])
        if not added:
            return children_of(new)
        values = list(getattr(new, "value", ()))
        for number, (position, wanted) in enumerate(added):
            place = position + number
            if place >= len(values) or _said(after, values[place]) != wanted:
                return None
            values[place] = None
        left = [value for value in values if value is not None]
        return [part for pair in left for part in pair] if new.id == "mapping" else left


def _said(document: Document, value: Any) -> Any:
    return tuple(plain(document, part) for part in value) if isinstance(value, tuple) else plain(document, value)


def spliced(text: str, splices: List[Splice]) -> str:
    """The text after the changes; those at one place in the order in which they were asked for."""
    pieces: List[str] = []
    position = 0
    for one in sorted(splices, key=lambda each: (each.start, each.end)):
        if one.start < position:
            raise ApplyFailed("two changes would overlap, so nothing was written", advice="Write this part in a simpler form")
        pieces += [text[position : one.start], one.new]
        position = one.end
    return "".join(pieces) + text[position:]
