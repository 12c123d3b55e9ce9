# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Variables in workflow files: which of them the server knows when it replaces them, and where they stand in a text.

Measured by the sources of 3.17 and of main. What only agents set (``CI_WORKSPACE``, ``CI_STEP_NAME``, ``DRONE_…``) is not there yet.
"""

from __future__ import annotations

import re
from typing import Iterator, List, NamedTuple, Set, Tuple

_OF = {
    "CI_SYSTEM": "NAME URL HOST VERSION",
    "CI_FORGE": "TYPE URL",
    "CI_REPO": "NAME OWNER REMOTE_ID SCM URL CLONE_URL CLONE_SSH_URL DEFAULT_BRANCH PRIVATE TRUSTED TRUSTED_NETWORK TRUSTED_VOLUMES"
    " TRUSTED_SECURITY",
    "CI_WORKFLOW": "NAME NUMBER",
    "CI_PIPELINE": "NUMBER PARENT EVENT EVENT_REASON URL FORGE_URL CREATED STARTED FILES RERUNS AUTHOR AVATAR DEPLOY_TARGET DEPLOY_TASK"
    " RELEASE_PRE RELEASE_TITLE",
    "CI_COMMIT": "SHA REF REFSPEC BRANCH SOURCE_BRANCH TARGET_BRANCH MESSAGE AUTHOR AUTHOR_EMAIL AUTHOR_AVATAR TIMESTAMP TAG PRERELEASE"
    " PULL_REQUEST PULL_REQUEST_LABELS PULL_REQUEST_MILESTONE PULL_REQUEST_DRAFT",
    "CI_PREV_COMMIT": "SHA REF REFSPEC BRANCH SOURCE_BRANCH TARGET_BRANCH MESSAGE AUTHOR AUTHOR_EMAIL AUTHOR_AVATAR TIMESTAMP URL",
    "CI_PREV_PIPELINE": "NUMBER PARENT EVENT EVENT_REASON URL FORGE_URL STATUS CREATED STARTED FINISHED AUTHOR AVATAR DEPLOY_TARGET"
    " DEPLOY_TASK",
}
KNOWN = {"CI", "CI_REPO"} | {f"{start}_{end}" for start, ends in _OF.items() for end in ends.split()}

#: What holds nothing in a run that was started by hand.
_EMPTY_BY_HAND = re.compile(
    r"CI_(?:COMMIT_(?:TAG|PRERELEASE|SOURCE_BRANCH|TARGET_BRANCH|PULL_REQUEST\w*)|PIPELINE_(?:DEPLOY|RELEASE)_\w+)\Z"
)
#: What nobody but the server and the forge's rules for names decides, so that no quote can be in it.
_HARMLESS = re.compile(
    r"CI\Z|CI_(?:REPO|REPO_(?:NAME|OWNER|REMOTE_ID|SCM|PRIVATE)|FORGE_(?:TYPE|URL)|WORKFLOW_NUMBER|SYSTEM_\w+|(?:PREV_)?COMMIT_SHA"
    r"|COMMIT_TIMESTAMP|COMMIT_PULL_REQUEST|COMMIT_PRERELEASE|PIPELINE_(?:NUMBER|PARENT|EVENT|CREATED|STARTED|RERUNS))\Z"
)
_NAME = re.compile(r"\w+")
_SIGN = re.compile(r"\$\$|\$\{|\}")
_DEEPEST = 20
#: What the server's own reader takes behind a name; anything else is an error there, and no workflow of the file runs.
_FORMS = (
    re.compile(r"\}"),
    re.compile(r":?=|:[-?+]"),
    re.compile(r":(?![=?+-])[^}]"),
    re.compile(r"(?:,,?|\^\^?)\}"),
    re.compile(r"##?[^}]|%%?[^}]"),
    re.compile(r"/[/#%]?(?:\\.|[^/])+/"),
)


class Place(NamedTuple):
    """One ``${…}``, or a ``$$`` with an empty ``name``. ``inner`` are those within its braces."""

    start: int
    end: int
    text: str
    name: str
    is_error: bool
    inner: List[Place]

    def all(self) -> Iterator[Place]:
        """Itself and all within it."""
        yield self
        for one in self.inner:
            yield from one.all()


def places(text: str, start: int = 0, end: int = -1) -> List[Place]:
    """Every ``${…}`` and ``$$`` of a text, those within others left to these; of one that nothing closes only the name."""
    end = len(text) if end < 0 else end
    opened: List[Tuple[int, List[Place]]] = [(-1, [])]
    for sign in _SIGN.finditer(text, start, end):
        position = sign.start()
        if sign[0] == "${" and len(opened) <= _DEEPEST:
            opened.append((position, []))
        elif sign[0] == "$$" and not (len(opened) > 1 and text.startswith("${", position + 1)):
            opened[-1][1].append(Place(position, sign.end(), "$$", "", False, []))
        elif sign[0] == "$$" and len(opened) <= _DEEPEST:
            opened.append((position + 1, []))
        elif sign[0] == "}" and len(opened) > 1:
            begin, inner = opened.pop()
            opened[-1][1].append(_closed(text, begin, sign.end(), inner))
    while len(opened) > 1:
        begin, inner = opened.pop()
        name = _name(text, begin)
        opened[-1][1].extend([Place(begin, begin + 2 + len(name), "${" + name, name, True, []), *inner])
    return sorted(opened[0][1])


def _closed(text: str, start: int, end: int, inner: List[Place]) -> Place:
    within = [one for one in inner if one.text != "$$"]
    return Place(start, end, text[start:end], _name(text, start), _is_error(text[start + 2 : end]), within)


def _name(text: str, start: int) -> str:
    begin = start + 2 + (text[start + 2 : start + 3] == "#" and text[start + 3 : start + 4] != "}")
    found = _NAME.match(text, begin)
    return found[0] if found else text[begin : begin + 1]


def _is_error(body: str) -> bool:
    """Whether the server's reader stumbles over what stands between the braces, the closing one included."""
    if body.startswith("#"):
        return not re.match(r"#\w+\}", body)
    name = _NAME.match(body)
    return not name or not any(form.match(body, name.end()) for form in _FORMS)


def is_known(name: str, matrix: Set[str]) -> bool:
    """Whether the server has a value for a variable, whatever a run was given."""
    return name in KNOWN or name in matrix


def unknown_names(text: str, matrix: Set[str]) -> List[str]:
    """Names in braces that the server knows nothing of; what is escaped is left out."""
    names = [one.name for place in places(text) for one in place.all() if one.text != "$$"]
    return [name for name in names if not is_known(name, matrix)]


def is_whole(text: str) -> bool:
    """Whether every ``${`` is closed and of a form that the server reads."""
    return not any(one.is_error for place in places(text) for one in place.all())


def empty_by_hand(text: str) -> str:
    """The variable of a text that holds nothing in a manual run and has no default; empty where there is none."""
    for place in places(text):
        if _EMPTY_BY_HAND.match(place.name) and not re.match(r"\$\{\w+(?::?=|:[-?+])[^}]", place.text):
            return place.name
    return ""


def is_harmless(text: str, matrix: Set[str]) -> bool:
    """Whether nothing that people may name freely, such as a branch, stands in a text."""
    names = [one.name for place in places(text) for one in place.all() if one.text != "$$"]
    return all(_HARMLESS.match(name) or name in matrix for name in names)
