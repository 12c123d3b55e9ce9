# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A workflow file as its steps and its condition, each with the node that it is written in. Refuses what is no workflow."""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Set, Tuple

from ..oci_registry.errors import BadInput
from ..yaml_file.document import Document, read_document
from ..yaml_file.tree import effective, is_mapping, is_scalar
from .layout import Layout
from .values import is_sequence, items, placed_items, plain, texts


class Step(NamedTuple):
    """One step. ``keys`` are those that merges bring in as well; ``own`` those that are written in the step itself.

    ``position`` is its place in the node of all steps, -1 where a merge brings the whole step in. ``is_here``: it is written there,
    and not somewhere else with an alias in its place.
    """

    name: str
    node: Any
    keys: Dict[str, Any]
    own: Dict[str, Any]
    position: int
    is_here: bool


class Workflow(NamedTuple):
    """One file. ``steps_node`` is a sequence, or a mapping of names to steps. ``added``: the end of line that the file lacks at its end."""

    document: Document
    layout: Layout
    keys: Dict[str, Any]
    steps_node: Any
    steps: List[Step]
    added: str

    def step(self, name: str) -> Any:
        """The step of a name, or None."""
        return next((step for step in self.steps if step.name == name), None)

    @property
    def is_list(self) -> bool:
        """Whether steps are a list and carry their names themselves."""
        return is_sequence(self.steps_node)

    @property
    def is_graph(self) -> bool:
        """Whether any step says what it depends on: then all the others begin at once."""
        return any("depends_on" in step.keys for step in self.steps)

    @property
    def matrix(self) -> Set[str]:
        """Names of the variables of the matrix, which the server fills in."""
        matrix = self.keys.get("matrix")
        if not is_mapping(matrix):
            return set()
        found = effective(self.document, matrix)
        included = found.pop("include", None)
        rows = [row for row in items(included) if is_mapping(row)] if is_sequence(included) else []
        return set(found).union(*(effective(self.document, row) for row in rows))


def read_workflow(path: str, content: bytes) -> Workflow:
    """Parse a file. Raises BadInput for what Woodpecker would not take as a workflow."""
    added = _missing_end(content)
    document = read_document(path, content + added.encode(), "Woodpecker workflow")
    layout = Layout(document)
    keys = effective(document, document.root)
    steps_node = keys.get("steps")
    if steps_node is None:
        raise _without_steps(layout, keys)
    if not (is_mapping(steps_node) or is_sequence(steps_node)):
        raise layout.refusal(steps_node, "steps is neither a list nor a mapping of steps")
    steps = _from_list(layout, steps_node) if is_sequence(steps_node) else _from_mapping(layout, steps_node)
    if not steps:
        raise layout.refusal(steps_node, "there is no step")
    _refuse_same_names(layout, steps)
    return Workflow(document, layout, keys, steps_node, steps, added)


def containers(workflow: Workflow) -> List[Tuple[str, Step]]:
    """What runs images: steps, services and clones, each with the word for it; what is none of them is left out."""
    found = [("step", step) for step in workflow.steps]
    for key, kind in (("services", "service"), ("clone", "clone")):
        node = workflow.keys.get(key)
        named = effective(workflow.document, node).items() if is_mapping(node) else ()
        listed = [(f"{kind}-{number}", each) for number, each in enumerate(items(node))] if is_sequence(node) else []
        pairs = [(name, each) for name, each in [*named, *listed] if is_mapping(each)]
        found += [(kind, _step(workflow.layout, name, each, -1, set())) for name, each in pairs]
    return found


def _missing_end(content: bytes) -> str:
    """What a file lacks at its end: without it a last block of text would say something else once a step follows it."""
    found = re.search(rb"\r\n?|\n", content)
    return "" if content.endswith((b"\n", b"\r")) else found.group().decode() if found else "\n"


def _without_steps(layout: Layout, keys: Dict[str, Any]) -> BadInput:
    if "pipeline" not in keys:
        return BadInput("has no steps", where=layout.document.path, advice="A Woodpecker workflow has them below the key 'steps'")
    line = next(layout.line(key) for key, _value in layout.document.root.value if key.value == "pipeline")
    what = f"line {line}: 'pipeline' is what Woodpecker called steps before 2.0, and no server takes it any more"
    return BadInput(what, where=layout.document.path, advice="Rename the key to 'steps'")


def _from_mapping(layout: Layout, node: Any) -> List[Step]:
    written = {key.value: number for number, (key, _value) in enumerate(node.value) if is_scalar(key)}
    here = _written_here(layout, node, [value for _key, value in node.value])
    found = effective(layout.document, node)
    return [_step(layout, name, value, written.get(name, -1), here) for name, value in found.items()]


def _from_list(layout: Layout, node: Any) -> List[Step]:
    here = _written_here(layout, node, node.value)
    return [_step(layout, f"step-{number}", each[0], each[1], here) for number, each in enumerate(placed_items(node))]


def _written_here(layout: Layout, parent: Any, values: List[Any]) -> Set[int]:
    """The numbers of the values that stand in their place: an alias leads to a node that came before."""
    found: Set[int] = set()
    position = parent.start_mark.index
    for number, value in enumerate(values):
        if value.start_mark.index >= position and layout.is_within(parent, value):
            found.add(number)
            position = value.end_mark.index
    return found


def _step(layout: Layout, name: str, node: Any, position: int, here: Set[int]) -> Step:
    if not is_mapping(node):
        raise layout.refusal(node, f"step {name} is no mapping", "A step has keys such as image and commands")
    keys = effective(layout.document, node)
    given: Any = keys.get("name")
    own = {key.value: value for key, value in node.value if is_scalar(key)}
    return Step(given.value if is_scalar(given) and given.value else name, node, keys, own, position, position in here)


def _refuse_same_names(layout: Layout, steps: List[Step]) -> None:
    seen: Dict[str, Step] = {}
    for step in steps:
        if step.name in seen:
            where = layout.line(seen[step.name].node)
            raise layout.refusal(
                step.node, f"a step named {step.name!r} stands in line {where} already", "Give each its own name"
            )
        seen[step.name] = step


def depends_on(workflow: Workflow, step: Step) -> List[str]:
    """Names of the steps that a step waits for."""
    return [_depended(entry) for entry in _dependencies(workflow, step)]


def required(workflow: Workflow, step: Step) -> List[str]:
    """Names of the steps that a step cannot do without: those that it waits for, but for the optional ones."""
    found = [entry for entry in _dependencies(workflow, step) if not (isinstance(entry, dict) and entry.get("optional") is True)]
    return [_depended(entry) for entry in found]


def _dependencies(workflow: Workflow, step: Step) -> List[Any]:
    node = step.keys.get("depends_on")
    value = plain(workflow.document, node) if node is not None else []
    return [entry for entry in (value if isinstance(value, list) else [value]) if entry is not None]


def _depended(entry: Any) -> str:
    return str(entry.get("name")) if isinstance(entry, dict) else str(entry)


def waits_for(workflow: Workflow, step: Step, name: str) -> bool:
    """Whether a step waits for the one of a name, or for one that does."""
    seen, waiting = set(), [step]
    while waiting:
        for each in depends_on(workflow, waiting.pop()):
            found = workflow.step(each)
            if each == name:
                return True
            if found and each not in seen:
                seen.add(each)
                waiting.append(found)
    return False


def commands(step: Step) -> List[str]:
    """The commands of a step as text."""
    return [node.value for node in texts(step.keys.get("commands"))]
