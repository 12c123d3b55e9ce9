# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which processes belong to a folder: to see that none is left."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def processes_of(folder: object) -> list[int]:
    """PIDs of all processes that write to something below a folder, or were told of it on their command line."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            told = str(folder).encode() in (process / "cmdline").read_bytes()
            if told or os.readlink(process / "fd" / "2").startswith(str(folder)):
                found.append(int(process.name))
    return found
