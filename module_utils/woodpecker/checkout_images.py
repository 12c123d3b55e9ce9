# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The workflow files of a checkout, as the server picks them, and all that they tell of images."""

from __future__ import annotations

import os
from typing import Any, Dict, List

from ..oci_registry.errors import BadInput
from .used import Known, known_of
from .workflow import read_workflow

_FOLDER = ".woodpecker"
_FILES = (".woodpecker.yaml", ".woodpecker.yml")
_ENDINGS = (".yaml", ".yml")
_MOST_BYTES = 16 * 1024 * 1024


def images_of(checkout: str, *, config: str, host: str, clone_image: str) -> Dict[str, Any]:
    """``uses``, ``builds``, ``files`` and ``problems`` of a checkout. A file that cannot be read is a problem, and the others are looked at.

    Raises BadInput for what is no checkout with workflows: that must not be taken for one that uses nothing.
    """
    files = workflow_files(checkout, config)
    known: List[Known] = []
    problems: List[str] = []
    for file in files:
        try:
            workflow = read_workflow(file, _content(os.path.join(checkout, file)))
            known.append(known_of(workflow, file, host or checkout, clone_image))
        except BadInput as error:
            problems.append(f"{checkout}/{error}")
    uses, builds = ([one for each in known for one in each[part]] for part in (0, 1))
    return {"uses": uses, "builds": builds, "files": files, "problems": problems}


def workflow_files(checkout: str, config: str) -> List[str]:
    """Paths in the checkout. Without ``config``: the files right in ``.woodpecker``, or else ``.woodpecker.yaml`` or ``.woodpecker.yml``."""
    if not os.path.isdir(checkout):
        raise BadInput("is no folder", where=checkout, advice="Give the path of a checkout")
    given = config.rstrip("/")
    for place in [given] if given else [_FOLDER, *_FILES]:
        path = os.path.join(checkout, place)
        found = _names(path) if os.path.isdir(path) else []
        if found or os.path.isfile(path):
            return [os.path.join(place, name) for name in found] or [place]
    what = (
        f"there is no workflow in {given}" if given else f"there is no workflow: neither in {_FOLDER} nor {' or '.join(_FILES)}"
    )
    raise BadInput(what, where=checkout, advice="Name the file or the folder with config if the repository has another")


def _names(folder: str) -> List[str]:
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror})", where=folder) from None
    return sorted(name for name in names if name.endswith(_ENDINGS) and os.path.isfile(os.path.join(folder, name)))


def _content(path: str) -> bytes:
    """Raises BadInput as :func:`read_workflow` does."""
    try:
        with open(path, "rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror})", where=path) from None
    if len(content) > _MOST_BYTES:
        raise BadInput(f"is larger than {_MOST_BYTES >> 20} MiB", where=path)
    return content
