# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The other files that compose reads with a compose file: those that override it, and those that it includes."""

from __future__ import annotations

import os
from typing import Any, Iterator, List, Sequence

from ..oci_registry.errors import BadInput
from ..yaml_file.document import Document
from ..yaml_file.tree import effective, is_mapping, is_scalar
from .environment import Environment
from .services import service_keys

DEFAULT_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_OVERRIDES = ("compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml")


def overriding_files(path: str, environment: Environment) -> List[str]:
    """Files that compose reads after ``path``, so that what they say of a service wins: named by COMPOSE_FILE, or found by their names."""
    folder, name = os.path.split(path)
    listed = environment.get("COMPOSE_FILE")
    if listed is not None and listed.value:
        separator = environment.get("COMPOSE_PATH_SEPARATOR")
        files = [os.path.join(folder, file) for file in listed.value.split(separator.value if separator else os.pathsep)]
        places = [os.path.realpath(file) for file in files]
        return files[places.index(os.path.realpath(path)) + 1 :] if os.path.realpath(path) in places else []
    if name not in DEFAULT_NAMES:
        return []
    return [file for file in (os.path.join(folder, override) for override in _OVERRIDES) if os.path.exists(file)][:1]


def refuse_overridden(overrides: Sequence[Document], names: Sequence[str]) -> None:
    """Raises BadInput if an overriding file says what image one of the services has."""
    for document in overrides:
        for name, keys in service_keys(document):
            decides = keys.get("image", keys.get("extends"))
            if name in names and decides is not None:
                line = document.line(decides.start_mark.index)
                what = f"line {line}: this file decides the image of service {name}, since compose reads it last"
                raise BadInput(what, where=document.path, advice="Set the image there, or leave that service out")


def included_files(document: Document) -> List[str]:
    """What ``include`` names: files, folders or addresses, as they are written."""
    node: Any = effective(document, document.root).get("include")
    return list(_included(node.value)) if getattr(node, "id", "") == "sequence" else []


def _included(items: Sequence[Any]) -> Iterator[str]:
    for item in items:
        for key, value in item.value if is_mapping(item) else [(None, item)]:
            if key is None or key.value == "path":
                yield from _paths(value)


def _paths(node: Any) -> Iterator[str]:
    if is_scalar(node):
        yield node.value
    elif getattr(node, "id", "") == "sequence":
        yield from (item.value for item in node.value if is_scalar(item))
