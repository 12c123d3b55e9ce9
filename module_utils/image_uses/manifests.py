# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Reads resources of Kubernetes from files: manifests, or what ``kubectl get --output json`` (or ``yaml``) wrote."""

from __future__ import annotations

import json
import os
from typing import Any, List, Tuple

from ..oci_registry.errors import BadInput, MissingLibrary, RegistryError

try:
    import yaml
except ImportError:  # said when a file that is no JSON is read
    HAS_YAML = False
else:
    HAS_YAML = True

MAX_BYTES = 256 * 1024 * 1024
_ENDINGS = (".yml", ".yaml", ".json")


def read_manifests(paths: List[str]) -> Tuple[List[Any], List[str]]:
    """The documents of all files, those in folders too, and what could not be read and why."""
    found: List[Any] = []
    problems: List[str] = []
    for path in (file for given in paths for file in _files(given)):
        try:
            found += _documents(path)
        except RegistryError as error:
            problems.append(str(error))
    return found, problems


def _files(path: str) -> List[str]:
    if not os.path.isdir(path):
        return [path]
    names = [os.path.join(folder, name) for folder, _folders, files in os.walk(path) for name in files]
    return sorted(name for name in names if name.endswith(_ENDINGS))


def _documents(path: str) -> List[Any]:
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror})", where=path) from None
    if len(content) > MAX_BYTES:
        raise BadInput(f"is larger than {MAX_BYTES >> 20} MiB", where=path)
    try:
        return [json.loads(content)]
    except (ValueError, RecursionError):
        return _yaml_documents(path, content)


def _yaml_documents(path: str, content: bytes) -> List[Any]:
    if not HAS_YAML:
        raise MissingLibrary("PyYAML is not there for this Python", where=path, advice="Install it, or give JSON")
    try:
        found = list(yaml.load_all(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark else ""
        raise BadInput(f"{place}this is neither JSON nor YAML", where=path) from None
    if not all(isinstance(one, dict) or one is None for one in found):
        raise BadInput("holds no resources of Kubernetes", where=path)
    return found
