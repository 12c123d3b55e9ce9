# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a playbook must leave alone: every file of the project and every job by the clock of a machine."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from plugins.vm import RunningVm

#: A lock names its last holder, a journal what a run looked at; a cache notes on its own when what it holds expires.
_CHANGES_BY_ITSELF = ("lock", "maintenance.log", "scheduler-state.json")
_JOURNAL = ".jsonl"


def machine_state(vm: RunningVm) -> dict[str, str]:
    """Path: mode and content of each file below the project folder, and of the machine's crontabs; containers by their ids."""
    below = {str(path): _told(path) for path in sorted(vm.compose_path.parent.rglob("*")) if not _changes_by_itself(path)}
    crontabs = vm.ssh(["sh", "-c", "sha256sum /etc/cron.d/* && stat -c '%a %n' /etc/cron.d/*"]).stdout
    return {**below, "crontabs": crontabs, "containers": vm.compose("ps", "--quiet").stdout}


def _changes_by_itself(path: Path) -> bool:
    return path.name in _CHANGES_BY_ITSELF or path.suffix == _JOURNAL


def _told(path: Path) -> str:
    mode = oct(path.lstat().st_mode)
    if path.is_symlink():
        return f"{mode} {os.readlink(path)}"
    return f"{mode} {hashlib.sha256(path.read_bytes()).hexdigest()}" if path.is_file() else mode
