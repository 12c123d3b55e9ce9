# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From paths, patterns and folders to the projects that are there, and what their services use."""

from __future__ import annotations

import glob
import os
from typing import Any, Dict, List, Mapping, Sequence

from ..oci_registry.errors import BadInput
from .used import Project, default_file


def projects(paths: Sequence[str], host: str, process: Mapping[str, str]) -> Dict[str, Any]:
    """``uses``, ``problems``, ``files`` that were read and ``missing`` paths. Raises MissingLibrary where PyYAML is not there.

    A folder stands for the compose file in it. A pattern may fit nothing; what fits nothing else is missing.
    """
    found = Project(host)
    missing: List[str] = []
    for path in paths:
        files = _files(path)
        missing += [] if files or glob.has_magic(path) else [path]
        for file in files:
            try:
                found.read(file, process)
            except BadInput as error:
                found.problems.append(str(error))
    return {"uses": found.uses, "problems": found.problems, "files": found.files, "missing": missing}


def _files(path: str) -> List[str]:
    places = [path] if os.path.lexists(path) else sorted(glob.glob(path))
    return [os.path.abspath(default_file(place) if os.path.isdir(place) else place) for place in places if _is_file(place)]


def _is_file(place: str) -> bool:
    return not os.path.isdir(place) or bool(default_file(place))
