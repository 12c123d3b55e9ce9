# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Changes the text of one ``when`` so that manual runs come through from named branches and from no other."""

from __future__ import annotations

import re
from typing import Any, List, Sequence, Tuple

from ..yaml_file.tree import effective, is_mapping, is_scalar
from .conditions import MANUAL, NOT_MANUAL, Item, branches, judge, manual_item, one_or_many, strings
from .edits import Edits, Splice, spliced
from .layout import Layout, indented
from .values import is_sequence, items, plain
from .writing import flow, item_lines

_LINE_START = re.compile(r"(?<![^\r\n])(?=[ \t]*[^\s])")
_WRITE_OUT = "Write this condition out, without anchor, alias or merge"


class When:
    """The condition of a workflow or of a step: ``node`` is its value. ``data`` is what it says, after changes too."""

    def __init__(self, layout: Layout, node: Any, owner: Any) -> None:
        self._layout = layout
        self._node = node
        self._owner = owner
        if not (is_mapping(node) or is_sequence(node)):
            raise layout.refusal(node, "this condition is neither a mapping nor a list of mappings", "Write at least an event")
        self._items = items(node) if is_sequence(node) else [node]
        if not all(is_mapping(item) for item in self._items):
            raise layout.refusal(node, "this list of conditions holds something else than mappings", "Write each as event: …")
        self.data: List[Item] = [plain(layout.document, item) for item in self._items]

    def admit(self, names: Sequence[str], edits: Edits, *, exactly: bool) -> None:
        """Let manual runs of the branches ``names`` through and no others; ``exactly`` also where some branch is named already."""
        verdict = judge(self.data)
        wrong = [n for n in verdict.filtered if exactly and set(branches(self.data[n])) != set(names)]
        faulty = sorted([*verdict.open, *wrong])
        if verdict.admits and not faulty:
            return
        self._refuse_elsewhere([self._items[number] for number in faulty])
        inner: List[Splice] = []
        mended = [self._mend(number, names, inner) for number in faulty]
        added = [item for n, item in enumerate(mended) if item and item not in self.data and item not in mended[:n]]
        if not judge([*self.data, *added]).admits:
            added = [manual_item(names, self.data[0] if len(self.data) == 1 else {})]
        self._write(inner, added, edits)

    def _mend(self, number: int, names: Sequence[str], inner: List[Splice]) -> Item:
        """Change one item that lets too much through; returns the item to add for what it lets through no more, or an empty one."""
        item, data = self._items[number], self.data[number]
        events = strings(data.get("event"))
        if events == [MANUAL]:
            self._name_branches(item, names, inner)
            data["branch"] = one_or_many(names)
            return {}
        split = manual_item(names, data)
        if events:
            self._drop_manual(item, inner)
            data["event"] = [event for event in events if event != MANUAL]
            return {**split, "evaluate": data["evaluate"]} if "evaluate" in data else split
        if "evaluate" in data or "branch" in data:
            advice = "Give it an event, so that its manual runs can be told from the others"
            raise self._layout.refusal(item, "this condition has no event, so it also lets manual runs through", advice)
        self._add_key(item, "evaluate", NOT_MANUAL, inner)
        data["evaluate"] = NOT_MANUAL
        return split

    def _part(self, item: Any, key: str) -> Tuple[Any, Any]:
        """The nodes of a key and its value, which must be written in the item and used nowhere else."""
        for name, value in item.value:
            if is_scalar(name) and name.value == key:
                if self._layout.is_shared(value) or not self._layout.is_within(item, value):
                    break
                return name, value
        raise self._layout.refusal(item, f"the {key} of this condition comes from an anchor", _WRITE_OUT)

    def _refuse_elsewhere(self, changing: List[Any]) -> None:
        """Everything that changes must be written here, and be used nowhere else."""
        layout = self._layout
        if layout.is_shared(self._owner):
            raise layout.refusal(self._node, "this condition stands in a step that others take over by its anchor", _WRITE_OUT)
        chain = [(self._owner, self._node)] + [(self._node, item) for item in changing if item is not self._node]
        for parent, child in chain:
            if layout.is_shared(child) or not layout.is_within(parent, child):
                raise layout.refusal(child, "this condition is written once and used in several places", _WRITE_OUT)

    def _name_branches(self, item: Any, names: Sequence[str], inner: List[Splice]) -> None:
        value = one_or_many(names)
        if "branch" not in effective(self._layout.document, item):
            self._add_key(item, "branch", value, inner)
            return
        key, node = self._part(item, "branch")
        inner.append(Splice(key.end_mark.index, self._layout.end(node), f": {flow(value)}"))

    def _add_key(self, item: Any, key: str, value: Any, inner: List[Splice]) -> None:
        layout = self._layout
        if item.flow_style:
            last = item.value[-1][1] if item.value else None
            if last is not None and not layout.is_within(item, last):
                raise layout.refusal(item, "this condition is written in a form that cannot be added to", _WRITE_OUT)
            end = item.start_mark.index + 1 if last is None else layout.end(last)
            inner.append(Splice(end, end, f"{'' if last is None else ', '}{key}: {flow(value)}"))
            return
        end = layout.end(item)
        place = layout.document.line_end(end)
        column = layout.column(item.value[0][0].start_mark.index)
        inner.append(Splice(place, place, layout.newline + " " * column + f"{key}: {flow(value)}"))

    def _drop_manual(self, item: Any, inner: List[Splice]) -> None:
        """Take ``manual`` out of a list of events."""
        layout = self._layout
        key = next((key for key, _value in item.value if key.value == "event"), None)
        if key is not None and not layout.is_within(item, node := effective(layout.document, item)["event"]):
            events = [event for event in strings(plain(layout.document, node)) if event != MANUAL]
            start, end = layout.value_of_key(key)
            inner.append(Splice(start, end, flow(events)))
            return
        node = self._part(item, "event")[1]
        numbers = [number for number, event in enumerate(node.value) if event.value == MANUAL]
        if len(numbers) != 1 or not all(layout.is_within(node, event) and not layout.is_shared(event) for event in node.value):
            raise layout.refusal(node, "these events are not written out once each", _WRITE_OUT)
        number = numbers[0]
        event = node.value[number]
        if not node.flow_style:
            start = layout.document.line_start(event.start_mark.index)
            inner.append(Splice(start, layout.next_line(layout.end(event)), ""))
        elif number:
            inner.append(Splice(layout.end(node.value[number - 1]), layout.end(event), ""))
        else:
            inner.append(Splice(event.start_mark.index, node.value[1].start_mark.index, ""))

    def _write(self, inner: List[Splice], added: List[Item], edits: Edits) -> None:
        self.data += added
        edits.expect(self._node, self.data if is_sequence(self._node) or added else self.data[0])
        if not added:
            for one in inner:
                edits.splice(*one)
        elif self._node.flow_style:
            self._grow_flow(inner, added, edits)
        elif is_sequence(self._node):
            self._grow_list(inner, added, edits)
        else:
            self._make_list(inner, added, edits)

    def _grow_flow(self, inner: List[Splice], added: List[Item], edits: Edits) -> None:
        start, end = self._node.start_mark.index, self._node.end_mark.index
        text, more = self._text(start, end, inner), ", ".join(flow(item) for item in added)
        if is_mapping(self._node):
            edits.splice(start, end, f"[{text}, {more}]")
            return
        body = text[:-1].rstrip()
        edits.splice(start, end, f"{body}{'' if body.endswith((',', '[')) else ','} {more}]")

    def _grow_list(self, inner: List[Splice], added: List[Item], edits: Edits) -> None:
        layout = self._layout
        for one in inner:
            edits.splice(*one)
        column = layout.dash(self._node, 0)
        first = self._node.value[0]
        offset = max(2, layout.column(first.start_mark.index) - column) if layout.is_within(self._node, first) else 2
        place = layout.document.line_end(layout.end(self._node))
        edits.splice(place, place, self._lines(added, column, offset))

    def _make_list(self, inner: List[Splice], added: List[Item], edits: Edits) -> None:
        """A mapping in block style becomes the first item of a list."""
        layout, document = self._layout, self._layout.document
        start = document.line_start(self._node.start_mark.index)
        column = layout.column(self._node.start_mark.index)
        if document.text[start : start + column].strip():
            raise layout.refusal(self._node, "this condition begins in the line of something else", _WRITE_OUT)
        end = document.line_end(layout.end(self._node))
        moved = _LINE_START.sub("  ", self._text(start, end, inner))
        edits.splice(start, end, " " * column + "- " + moved[column + 2 :] + self._lines(added, column, 2))

    def _lines(self, added: List[Item], column: int, offset: int) -> str:
        lines = [line for item in added for line in indented(item_lines(item, offset), column)]
        return "".join(self._layout.newline + line for line in lines)

    def _text(self, start: int, end: int, inner: List[Splice]) -> str:
        moved = [Splice(one.start - start, one.end - start, one.new) for one in inner]
        return spliced(self._layout.document.text[start:end], moved)
