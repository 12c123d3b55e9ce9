# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""All that the workflow files of a checkout tell of images."""

from __future__ import annotations

import os
from typing import Any, Dict, List

from ..oci_registry.errors import BadInput
from .checkout import files_of
from .needed import Build, needed
from .used import Known, known_of
from .workflow import read_workflow


def images_of(checkout: str, build: Build, *, config: str, host: str, clone_image: str) -> Dict[str, Any]:
    """``uses``, ``builds``, ``needed`` by a build, ``files`` and ``problems`` of a checkout. A file that makes no sense is a problem, and the
    others are looked at.

    Raises BadInput for what is no checkout with workflows: that must not be taken for one that uses nothing.
    """
    if not os.path.isdir(checkout):
        raise BadInput("is no folder", where=checkout, advice="Give the path of a checkout")
    files = {os.path.relpath(path, checkout): content for path, content in files_of(checkout, config).items()}
    known: List[Known] = []
    problems: List[str] = []
    for file, content in files.items():
        try:
            known.append(known_of(read_workflow(file, content), file, host or checkout, clone_image))
        except BadInput as error:
            problems.append(f"{checkout}/{error}")
    uses, builds = ([one for each in known for one in each[part]] for part in (0, 1))
    return {"uses": uses, "builds": builds, "needed": needed(known, build), "files": list(files), "problems": problems}
