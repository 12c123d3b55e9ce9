# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The control groups below one parent: what an engine of our own puts its containers into. Version 1 and 2."""

from __future__ import annotations

import contextlib
import glob
import os
import signal
import time
from typing import List

from ..errors import LabError

_SECONDS = 10.0


def remove_cgroups(name: str) -> None:
    """Kill every process below the control groups ``/NAME`` and remove them."""
    deadline = time.monotonic() + _SECONDS
    while _folders(name):
        for folder in _folders(name):
            _kill(folder)
            with contextlib.suppress(OSError):  # busy until its last process is gone
                os.rmdir(folder)
        if time.monotonic() > deadline:
            raise LabError("containers do not end", where=f"control groups {_folders(name)}")
        time.sleep(0.02)


def _folders(name: str) -> List[str]:
    """All of them, the inner ones first."""
    tops = glob.glob(f"/sys/fs/cgroup/{name}") + glob.glob(f"/sys/fs/cgroup/*/{name}")
    return [folder for top in tops for folder, _inner, _files in os.walk(top, topdown=False)]


def _kill(folder: str) -> None:
    with contextlib.suppress(OSError), open(os.path.join(folder, "cgroup.procs"), encoding="ascii") as file:
        for pid in file.read().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
