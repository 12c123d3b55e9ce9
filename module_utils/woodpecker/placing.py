# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Puts a step into a workflow: after another one where there is none of its name, else in the place of that."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, List, NamedTuple

from ..oci_registry.errors import BadInput
from .edits import Edits
from .layout import indented
from .ours import secretive
from .values import plain
from .workflow import Step, Workflow
from .writing import item_lines, mapping_lines, scalar

#: What people may add to a step of ours; anything else could keep it from running, or from failing.
KEPT = ("pull", "dns", "dns_search", "volumes", "backend_options")
_NEWLINE = r"(?:\r\n|\r(?!\n)|\n)"
_BLANK_LINE = re.compile(rf"{_NEWLINE}[ \t]*{_NEWLINE}[ \t\r\n]*\S")
_APART = re.compile(rf"{_NEWLINE}[ \t]*{_NEWLINE}(?:[ \t]*#[^\r\n]*{_NEWLINE})*\Z")
_ADVICE = "Write the steps in block style, one key on each line"


class Wanted(NamedTuple):
    """A step as it shall be. ``may_replace`` tells whether one of its name is an older one, ``option`` what gives it another name."""

    name: str
    step: Dict[str, Any]
    comment: str
    may_replace: Callable[[Workflow, Step], bool]
    option: str


def place_step(workflow: Workflow, edits: Edits, wanted: Wanted, after: Step) -> str:
    """Make a step be as it shall be; returns ``is added`` or the like, or nothing where that changes nothing."""
    old = workflow.step(wanted.name)
    if old is None:
        _insert(workflow, edits, wanted, after)
        return "is added"
    now = plain(workflow.document, old.node)
    kept = {key: now[key] for key in KEPT if key in now}
    full = {**_named(workflow, wanted.name, now), **wanted.step, **kept}
    if now == full:
        return ""
    if not wanted.may_replace(workflow, old):
        what = f"step {wanted.name} is there, does something else, and would be replaced"
        raise workflow.layout.refusal(old.node, what, f"Give {wanted.option} another name")
    edits.hidden += secretive(old)
    _replace(workflow, edits, old, full)
    return "replaces the one of its name"


def _named(workflow: Workflow, name: str, now: Dict[str, Any]) -> Dict[str, Any]:
    return {"name": name} if workflow.is_list or "name" in now else {}


def _insert(workflow: Workflow, edits: Edits, wanted: Wanted, after: Step) -> None:
    name, comment = wanted.name, wanted.comment
    layout, node = workflow.layout, workflow.steps_node
    if node.flow_style or after.position < 0 or not layout.is_within(workflow.document.root, node) or layout.is_shared(node):
        raise layout.refusal(node, "no step can be added here: they are on one line, or come from an anchor", _ADVICE)
    column, offset = _columns(workflow, after)
    data = {**_named(workflow, name, {}), **wanted.step}
    value: Any = data if workflow.is_list else (name, data)
    lines = item_lines(data, offset) if workflow.is_list else _entry(name, data, offset)
    place = _after(workflow, after, column)
    lines = indented([f"# {comment}", *lines] if comment else lines, column)
    if _is_apart(workflow, after, place):
        lines = ["", *lines]
    edits.splice(place, place, "".join(layout.newline + line for line in lines))
    edits.expect_added(node, after.position + 1, value)


def _entry(name: str, data: Dict[str, Any], offset: int) -> List[str]:
    return [f"{scalar(name)}:", *indented(mapping_lines(data), offset)]


def _columns(workflow: Workflow, step: Step) -> Any:
    """Where steps begin, and how much further right their keys."""
    layout, node = workflow.layout, workflow.steps_node
    column = layout.dash(node, 0) if workflow.is_list else layout.column(node.value[step.position][0].start_mark.index)
    if not step.is_here or step.node.flow_style:
        return column, 2
    return column, max(2, layout.column(step.node.value[0][0].start_mark.index) - column)


def _after(workflow: Workflow, step: Step, column: int) -> int:
    """The end of a step's last line, comments that are indented like its keys included."""
    document = workflow.document
    place = document.line_end(_end(workflow, step))
    comment = re.compile(rf"(?:{_NEWLINE}[ \t]*)*{_NEWLINE}[ ]{{{column + 1},}}#[^\r\n]*")
    while True:
        found = comment.match(document.text, place)
        if not found:
            return place
        place = found.end()


def _end(workflow: Workflow, step: Step) -> int:
    """Where the last character of a step stands, an alias in its place included."""
    layout, node = workflow.layout, workflow.steps_node
    if step.is_here:
        return layout.end(step.node)
    last = step.position == len(node.value) - 1
    if not last:
        raise layout.refusal(node, f"step {step.name} comes from an anchor", "Write it out, so that a step can follow it")
    return layout.end(node)


def _is_apart(workflow: Workflow, step: Step, place: int) -> bool:
    """Whether blank lines stand between steps: after this one, which ends at ``place``, or else before it."""
    text = workflow.document.text
    if _BLANK_LINE.match(text, place) and step.position + 1 < len(workflow.steps_node.value):
        return True
    before = text[: workflow.document.line_start(step.node.start_mark.index)] if step.is_here else ""
    return step.position > 0 and bool(_APART.search(before))


def _replace(workflow: Workflow, edits: Edits, old: Step, full: Dict[str, Any]) -> None:
    layout, node = workflow.layout, workflow.steps_node
    if not old.is_here or node.flow_style or layout.is_shared(old.node):
        raise layout.refusal(old.node, f"step {old.name} cannot be changed where it is written", _ADVICE)
    column, offset = _columns(workflow, old)
    if workflow.is_list:
        lines = item_lines(full, offset)
        start = workflow.document.line_start(old.node.start_mark.index) + column
        if workflow.document.text[start] != "-":
            raise layout.refusal(old.node, f"step {old.name} does not begin beside its dash", _ADVICE)
    else:
        key = node.value[old.position][0]
        start = key.start_mark.index
        lines = [f"{workflow.document.text[start : key.end_mark.index]}:", *indented(mapping_lines(full), offset)]
    text = layout.newline.join([lines[0], *indented(lines[1:], column)])
    edits.splice(start, layout.end(old.node), text)
    edits.expect(old.node, full)


def refuse_misplaced(workflow: Workflow, name: str, push: Step) -> None:
    """Raises BadInput where a step of this name stands somewhere else than right after the push, in a workflow that goes by order."""
    names = [step.name for step in workflow.steps]
    if name not in names or workflow.is_graph:
        return
    if name == push.name or names.index(name) != names.index(push.name) + 1:
        line = workflow.layout.line(workflow.step(name).node)
        what = f"line {line}: a step named {name} is there, but not right after {push.name}"
        raise BadInput(what, where=workflow.document.path, advice="Move it there, or give verify.step another name")
