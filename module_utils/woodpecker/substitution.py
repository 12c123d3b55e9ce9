# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the server replaces in a workflow file before it reads it: ``${NAME}`` and its forms by what it knows, ``$$`` by one dollar.

It knows the variables ``CI_…``, those of the matrix and those that a manual run was given; whatever else is in braces becomes nothing,
so a variable of the shell is written ``$${NAME}``. ``$NAME`` without braces is left alone.
"""

from __future__ import annotations

import re
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Set, Tuple

from .edits import Edits, Splice, spliced
from .values import texts
from .workflow import Step, Workflow, commands

_FOUND = re.compile(r"\$\$\$\$|\$\$|\$\{[#]?(?P<name>[A-Za-z_][A-Za-z0-9_]*)[^}]*\}?")
#: Two dollars are meant as one before these; before anything else the shell would make its process id of them.
_ESCAPED = re.compile(r"[A-Za-z0-9_{(?!#@*$]")
_SET_BY_SHELL = re.compile(r"(?:^|[\s;&|(])(?:export\s+|local\s+|readonly\s+|declare\s+(?:-\S+\s+)*)*([A-Za-z_][A-Za-z0-9_]*)=")
_READ_BY_SHELL = re.compile(r"\b(?:for|read(?:\s+-\S+)*|getopts\s+\S+)\s+([A-Za-z_][A-Za-z0-9_]*)")
#: What agents and servers of Drone had, which Woodpecker still fills in.
_KNOWN = re.compile(r"(?:CI|DRONE)(?:_[A-Z0-9_]+)?\Z")


class Lost(NamedTuple):
    """A place where the server would take away what the shell was meant to see."""

    step: str
    line: int
    text: str
    becomes: str


def is_known(name: str, matrix: Set[str]) -> bool:
    """Whether the server has a value for a variable, whatever a run was given."""
    return bool(_KNOWN.match(name)) or name in matrix


def unknown_names(text: str, matrix: Set[str]) -> List[str]:
    """Names in braces that the server knows nothing of; what is escaped is left out."""
    names = [found["name"] for found in _FOUND.finditer(text) if found["name"]]
    return [name for name in names if not is_known(name, matrix)]


def escaped(text: str, matrix: Set[str]) -> str:
    """``text`` so that the server leaves to the shell what only the shell knows."""
    return _FOUND.sub(lambda one: one[0] if not one["name"] or is_known(one["name"], matrix) else "$" + one[0], text)


def lost(workflow: Workflow) -> List[Lost]:
    """All places in commands that are written in the file, in its order."""
    found: Dict[int, Lost] = {}
    for step, node in _commands(workflow):
        for one in _taken(workflow, step, workflow.document.text, node.start_mark.index, node.end_mark.index):
            found[one.start()] = Lost(step.name, workflow.document.line(one.start()), one[0], _becomes(one[0]))
    return [one for _position, one in sorted(found.items())]


def escape(workflow: Workflow, ours: Sequence[str], edits: Edits) -> None:
    """Mend all these places but those in the steps ``ours``. Raises BadInput where the text is too odd for that."""
    nodes = {id(node): (step, node) for step, node in _commands(workflow) if step.name not in ours}
    count = 0
    for step, node in nodes.values():
        written = _taken(workflow, step, workflow.document.text, node.start_mark.index, node.end_mark.index)
        said = _taken(workflow, step, node.value, 0, len(node.value))
        if [one[0] for one in written] != [one[0] for one in said]:
            raise workflow.layout.refusal(
                node, "these commands cannot be escaped as they are written", "Write them as a block (|)"
            )
        for one in written:
            edits.splice(one.start(), one.start(), _more(one[0]))
        if written:
            edits.expect(node, spliced(node.value, [Splice(one.start(), one.start(), _more(one[0])) for one in said]))
        count += len(written)
    edits.done.append(f"{count} places in commands are escaped, so that the server leaves them to the shell")


def _commands(workflow: Workflow) -> Iterator[Tuple[Step, Any]]:
    for step in workflow.steps:
        for node in texts(step.keys.get("commands")):
            yield step, node


def _taken(workflow: Workflow, step: Step, text: str, start: int, end: int) -> List[Any]:
    """Matches of what the server would take from the shell of a step."""
    everything = "\n".join(commands(step))
    local = set(_SET_BY_SHELL.findall(everything)) | set(_READ_BY_SHELL.findall(everything)) | _environment(step)
    found = _FOUND.finditer(text, start, end)
    return [one for one in found if _is_taken(one, local, workflow.matrix, _ESCAPED.match(text, one.end(), end))]


def _is_taken(one: Any, local: Set[str], matrix: Set[str], is_escape: Any) -> bool:
    name = one["name"]
    if name:
        return not is_known(name, matrix) and (name in local or name != name.upper())
    return one[0] == "$$" and not is_escape


def _becomes(text: str) -> str:
    return "$" if text == "$$" else "its default" if ":-" in text else "nothing"


def _more(text: str) -> str:
    """What is put before the first dollar."""
    return "$$" if text == "$$" else "$"


def _environment(step: Step) -> Set[str]:
    node: Any = step.keys.get("environment")
    pairs = node.value if getattr(node, "id", "") == "mapping" else []
    return {key.value for key, _value in pairs if getattr(key, "id", "") == "scalar"}
