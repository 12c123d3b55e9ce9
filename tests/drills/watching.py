# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A run of the console, watched by its journal: the screen tells phases."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

_SECONDS = 180.0


def wait_for_task(run: subprocess.Popen[str], task: str, state: Path) -> None:
    """Wait until this task has ended somewhere; ``state`` is RUNBOOK_STATE of the run."""
    deadline = time.monotonic() + _SECONDS
    while not _ended(task, state):
        assert run.poll() is None and time.monotonic() < deadline, run.communicate()
        time.sleep(0.05)


def _ended(task: str, state: Path) -> bool:
    wanted = f'"event": "task-ended", "task": "{task}"'
    return any(wanted in path.read_text(encoding="utf-8") for path in state.glob("journal/*.jsonl"))
