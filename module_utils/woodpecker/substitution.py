# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the server replaces in a workflow file before it reads it: ``${NAME}`` and its forms by what it knows, ``$$`` by one dollar.

It knows the variables of ``variables.KNOWN``, those of the matrix and those that a manual run was given; whatever else is in braces
becomes nothing, so a variable of the shell is written ``$${NAME}``. ``$NAME`` without braces is left alone.
"""

from __future__ import annotations

import re
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Set, Tuple

from ..yaml_file.tree import effective, is_mapping
from .edits import Edits, Splice, spliced
from .values import texts
from .variables import Place, is_harmless, is_known, places
from .workflow import Step, Workflow, commands

#: Two dollars are meant as one before these; before anything else the shell would make its process id of them.
_ESCAPED = re.compile(r"[A-Za-z0-9_{(?!#@*$]")
_SET_BY_SHELL = re.compile(r"(?:^|[\s;&|(])(?:export\s+|local\s+|readonly\s+|declare\s+(?:-\S+\s+)*)*([A-Za-z_][A-Za-z0-9_]*)=")
_READ_BY_SHELL = re.compile(r"\b(?:for|read(?:\s+-\S+)*|getopts\s+\S+)\s+([A-Za-z_][A-Za-z0-9_]*)")
#: What every shell has, or what only agents set: nothing of it is known to the server when it replaces.
_OF_SHELL = re.compile(
    r"(?:HOME|PATH|PWD|OLDPWD|USER|LOGNAME|SHELL|HOSTNAME|TERM|LANG|LC_\w+|IFS|UID|EUID|PPID|RANDOM|SECONDS|LINENO|TMPDIR|OPTARG"
    r"|OPTIND|REPLY|PIPESTATUS|FUNCNAME|BASH\w*|(?:CI|DRONE)_\w+|\W|[0-9]+)\Z"
)


class Lost(NamedTuple):
    """A place where the server would take away what the shell was meant to see."""

    step: str
    line: int
    text: str
    becomes: str


def escaped(text: str, matrix: Set[str]) -> str:
    """``text`` so that the server leaves to the shell what only the shell knows, and what may hold a quote."""
    found = [one for place in places(text) for one in place.all() if one.text != "$$"]
    taken = [one for one in found if not (is_known(one.name, matrix) and is_harmless(one.text, matrix))]
    return spliced(text, [Splice(one.start, one.start, "$") for one in taken])


def lost(workflow: Workflow) -> List[Lost]:
    """All places in commands that are written in the file, in its order."""
    found: Dict[int, Lost] = {}
    for step, node in _commands(workflow):
        for one in _taken(workflow, step, workflow.document.text, node.start_mark.index, node.end_mark.index):
            found[one.start] = Lost(step.name, workflow.document.line(one.start), one.text, _becomes(one))
    return [one for _position, one in sorted(found.items())]


def escape(workflow: Workflow, ours: Sequence[str], edits: Edits) -> None:
    """Mend all these places but those in the steps ``ours``. Raises BadInput where the text is too odd for that."""
    nodes = {id(node): (step, node) for step, node in _commands(workflow) if step.name not in ours}
    count = 0
    for step, node in nodes.values():
        written = _taken(workflow, step, workflow.document.text, node.start_mark.index, node.end_mark.index)
        said = _taken(workflow, step, node.value, 0, len(node.value))
        if [one.text for one in written] != [one.text for one in said]:
            raise workflow.layout.refusal(
                node, "these commands cannot be escaped as they are written", "Write them as a block (|)"
            )
        for one in written:
            edits.splice(one.start, one.start, _more(one.text))
        if written:
            edits.expect(node, spliced(node.value, [Splice(one.start, one.start, _more(one.text)) for one in said]))
        count += len(written)
    edits.done.append(f"{count} places in commands are escaped, so that the server leaves them to the shell")


def _commands(workflow: Workflow) -> Iterator[Tuple[Step, Any]]:
    for step in workflow.steps:
        for node in texts(step.keys.get("commands")):
            yield step, node


def _taken(workflow: Workflow, step: Step, text: str, start: int, end: int) -> List[Place]:
    """What the server would take from the shell of a step."""
    everything = "\n".join(commands(step))
    local = set(_SET_BY_SHELL.findall(everything)) | set(_READ_BY_SHELL.findall(everything)) | _environment(workflow, step)
    found: List[Place] = []
    waiting = False  # for the second half of an escaped pair of dollars
    for place in places(text, start, end):
        if place.text != "$$":
            found += _lost_in(place, local, workflow.matrix)
        elif not waiting and not _ESCAPED.match(text, place.end, end):
            found.append(place)
        waiting = place.text == "$$" and not waiting and text.startswith("$$", place.end)
    return found


def _lost_in(place: Place, local: Set[str], matrix: Set[str]) -> List[Place]:
    """A place and those within it that are lost. Within what the server replaces nothing can be escaped, so then it is lost too."""
    inner = [one for each in place.inner for one in _lost_in(each, local, matrix)]
    return [place, *inner] if inner or place.is_error or _is_lost(place.name, local, matrix) else []


def _is_lost(name: str, local: Set[str], matrix: Set[str]) -> bool:
    return not is_known(name, matrix) and (name in local or name != name.upper() or bool(_OF_SHELL.match(name)))


def _becomes(place: Place) -> str:
    if place.is_error:
        return "an error, and no workflow of this repository runs"
    return "$" if place.text == "$$" else "its default" if re.match(r"\$\{\w+(?:=|:[-=?+])", place.text) else "nothing"


def _more(text: str) -> str:
    """What is put before the first dollar."""
    return "$$" if text == "$$" else "$"


def _environment(workflow: Workflow, step: Step) -> Set[str]:
    node = step.keys.get("environment")
    return set(effective(workflow.document, node)) if is_mapping(node) else {one.value.partition("=")[0] for one in texts(node)}
