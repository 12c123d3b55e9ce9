# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The labs of a drill that was interrupted: Ansible runs no ``rescue`` and no ``always`` then, so the console clears up."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from . import places


def prefix(run_name: str) -> Path:
    """What the path of every lab of this run begins with."""
    return Path(tempfile.gettempdir()) / f"registry-drill-{run_name}"


def remove(labs: Path) -> list[Path]:
    """Stop the registries of every lab at this prefix and remove its folder; the folders that were there."""
    found = sorted(labs.parent.glob(f"{labs.name}-*"))
    if found:
        sys.path.append(str(places.ROOT))
        from module_utils.registry_lab.folder import LabFolder  # what most runs do not need

        for folder in found:
            LabFolder(str(folder)).remove()
    return found
