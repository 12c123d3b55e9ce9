# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The workflow files of a repository: read, linted and compiled as the server does, as far as a lab needs it."""

from __future__ import annotations

import os
import re
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple

import yaml

from .model import Repository
from .substituting import matches, substituted, texts

_PLACES = (".woodpecker", ".woodpecker.yaml", ".woodpecker.yml")
_FORMERLY_PRIVILEGED = ("plugins/docker", "plugins/gcr", "plugins/ecr", "woodpeckerci/plugin-docker-buildx")
_DOCS = "https://woodpecker-ci.org/docs/usage/linter#event-filter-for-all-steps"
_HABIT = "Consider adding a `when` block with an `event` filter to this step or the entire workflow"
_PRIVILEGED = (
    "The formerly privileged plugin `{}` is no longer privileged by default, "
    "if required, add it to `WOODPECKER_PLUGINS_PRIVILEGED`"
)


class Compiled(NamedTuple):
    """name: steps (name, what is said of it) of each workflow that runs; and what the server has against the files."""

    workflows: Dict[str, List[Tuple[str, Dict[str, Any]]]]
    errors: List[Dict[str, Any]]

    @property
    def blocked(self) -> bool:
        """Whether any of the errors is more than a warning."""
        return any(not error["is_warning"] for error in self.errors)


def read_files(repository: Repository) -> Dict[str, str]:
    """name: text of each workflow file, sorted; empty where there is none."""
    for place in _PLACES:
        path = repository.path(place)
        if os.path.isdir(path):
            names = sorted(name for name in os.listdir(path) if name.endswith((".yml", ".yaml")))
            return {name: _read(os.path.join(path, name)) for name in names}
        if os.path.isfile(path):
            return {place: _read(path)}
    return {}


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def compile_files(
    files: Mapping[str, str], known: Mapping[str, str], secrets: List[Dict[str, Any]], privileged: Iterable[str]
) -> Compiled:
    """What runs of ``files``: lint of all, then the condition of each, then its secrets."""
    errors: List[Dict[str, Any]] = []
    read: Dict[str, Dict[str, Any]] = {}
    for file, text in files.items():
        name = re.sub(r"\.ya?ml\Z", "", file).lstrip(".")
        try:
            document = yaml.safe_load(substituted(text, known))
        except yaml.YAMLError as error:
            errors.append(_error("compiler", f"go-yaml load error in parser: {' '.join(str(error).split())}"))
            continue
        read[name] = document if isinstance(document, dict) else {}
        errors += _lint(name, read[name], list(privileged))
    made = Compiled({}, errors)
    if made.blocked:
        return made
    for name, document in read.items():
        if not matches(document.get("when"), known):
            continue
        steps = [(step, said) for step, said in _steps(document) if matches(said.get("when"), known)]
        refused = [text for _step, said in steps for text in _refused(said, secrets, known["CI_PIPELINE_EVENT"])]
        errors += [_error("generic", text) for text in dict.fromkeys(refused)]
        made.workflows[name] = steps
    ran = set(made.workflows)
    kept = [error for error in errors if not error["is_warning"] or (error["data"] or {}).get("file") in ran]
    return Compiled({} if made.blocked else made.workflows, kept)


def _steps(document: Dict[str, Any]) -> List[Tuple[str, Dict[str, Any]]]:
    steps = document.get("steps")
    pairs = steps.items() if isinstance(steps, dict) else ((None, step) for step in steps or [])
    return [
        (str(name or said.get("name") or f"step-{n}"), said) for n, (name, said) in enumerate(pairs) if isinstance(said, dict)
    ]


def _lint(file: str, document: Dict[str, Any], privileged: List[str]) -> Iterator[Dict[str, Any]]:
    steps = _steps(document)
    if not steps:
        yield _error("linter", "Invalid or missing `steps` section", file=file, field="steps")
    has_event = _names_event(document.get("when"))
    for name, said in steps:
        field, image = f"steps.{name}", str(said.get("image") or "")
        if not image:
            yield _error("linter", "Invalid or missing image", file=file, field=field)
        plugin = image.partition("@")[0].rpartition(":")[0] or image
        if plugin in _FORMERLY_PRIVILEGED and plugin not in privileged and image not in privileged:
            yield _error("linter", _PRIVILEGED.format(image), file=file, field=field)
        if not has_event and not _names_event(said.get("when")):
            habit = _error("bad_habit", _HABIT, file=file, field=field, docs=_DOCS)
            yield {**habit, "is_warning": True}


def _names_event(when: Any) -> bool:
    items = [item for item in (when if isinstance(when, list) else [when]) if isinstance(item, dict)]
    return bool(items) and all(texts(item.get("event")) for item in items)


def _error(kind: str, message: str, **data: str) -> Dict[str, Any]:
    return {"type": kind, "message": message, "is_warning": False, "data": data or None}


def _refused(said: Any, secrets: List[Dict[str, Any]], event: str) -> Iterator[str]:
    """What the server has against the secrets that a step takes."""
    for name in _taken(said):
        found: Optional[Dict[str, Any]] = next((one for one in secrets if str(one["name"]).lower() == name.lower()), None)
        if found is None:
            yield f'secret "{name}" not found'
        elif found.get("events") and event not in found["events"]:
            yield f'secret "{name}" is not allowed to be used with pipeline event "{event}"'


def _taken(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "from_secret":
                yield str(inner)
            else:
                yield from _taken(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _taken(inner)
