# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The labs of a drill that was interrupted: Ansible runs no ``rescue`` and no ``always`` then, so the console clears up."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import places

PATIENCE = 60.0  # seconds that whoever still works on a lab has to end


def prefix(run_name: str) -> Path:
    """What the path of every lab of this run begins with."""
    return Path(tempfile.gettempdir()) / f"registry-drill-{run_name}"


def remove(labs: Path) -> Iterator[str]:
    """Stop all that runs in every lab at this prefix and remove its folder; says what became of each."""
    for folder in sorted(labs.parent.glob(f"{labs.name}-*")):
        places.use_checkout()
        from module_utils.registry_lab.errors import LabError  # what most runs do not need

        try:
            _remove(folder)
            yield f"removed the lab {folder}"
        except (LabError, OSError) as error:
            yield f"the lab {folder} is left: {error}"


def _remove(folder: Path) -> None:
    from module_utils.registry_lab.folder import LabFolder
    from module_utils.registry_lab.vm.lab import VmFolder, VmLab

    if (folder / VmFolder.mark).exists():
        _take_down(VmLab(str(folder)))
    else:
        LabFolder(str(folder)).remove()


def _take_down(lab: Any) -> None:
    """Remove a machine; the module that was making it may take a moment to end."""
    from module_utils.registry_lab.errors import LabError

    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            lab.down()
            return
        except LabError:
            if time.monotonic() > deadline:
                raise
