# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The workflow files of a checkout as the server finds them, and whether one of them takes a manual run of a branch."""

from __future__ import annotations

import os
from typing import Any, Dict, List

from ..oci_registry.errors import BadInput
from ..yaml_file.document import MAX_BYTES
from .conditions import MANUAL, Item, admits, is_among, is_name, strings
from .values import plain
from .workflow import Step, Workflow

_ENDINGS = (".yml", ".yaml")
#: Where the server looks, in this order, unless the repository names another place
PLACES = (".woodpecker", ".woodpecker.yaml", ".woodpecker.yml")


def files_of(path: str, configured: str = "") -> Dict[str, bytes]:
    """path: content of each workflow file of a checkout, or of the one file. Raises BadInput where there is none."""
    if os.path.isfile(path):
        return {path: _read(path)}
    for place in [configured] if configured else PLACES:
        found = _files_at(os.path.join(path, place))
        if found:
            return {file: _read(file) for file in found}
    raise BadInput(
        "has no workflow files", where=path, advice=f"Name a checkout with {configured or PLACES[0]} in it, or one file"
    )


def _files_at(path: str) -> List[str]:
    if os.path.isfile(path):
        return [path]
    names = sorted(name for name in os.listdir(path) if name.endswith(_ENDINGS)) if os.path.isdir(path) else []
    return [file for file in (os.path.join(path, name) for name in names) if os.path.isfile(file)]


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror})", where=path) from None


def takes(workflow: Workflow, branch: str) -> bool:
    """Whether a manual run of ``branch`` may run it; an ``evaluate`` is not looked into, so it may be true."""
    return _passes(workflow, workflow.keys.get("when"), branch)


def takes_step(workflow: Workflow, step: Step, branch: str) -> bool:
    """The same of one step of it."""
    return _passes(workflow, step.keys.get("when"), branch)


def _passes(workflow: Workflow, node: Any, branch: str) -> bool:
    data = plain(workflow.document, node) if node is not None else None
    items = data if isinstance(data, list) else [data]
    found = [item for item in items if isinstance(item, dict)]
    return not found or any(_item_takes(item, branch) for item in found)


def _item_takes(item: Item, branch: str) -> bool:
    if not admits(item, MANUAL) or ("ref" in item and item["ref"] is not None):
        return False
    value: Any = item.get("branch")
    included = strings(value.get("include") if isinstance(value, dict) else value)
    excluded = strings(value.get("exclude")) if isinstance(value, dict) else []
    may = not included or is_among(branch, included) or not all(map(_is_plain, included))
    return may and not is_among(branch, excluded)


def _is_plain(pattern: str) -> bool:
    """Whether it can be told which branches it lets through: it has stars at most, and nothing that the server fills in."""
    return is_name(pattern.replace("*", "")) and "$" not in pattern
