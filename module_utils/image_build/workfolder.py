# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The private folder of one run, and what runs that died left behind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from typing import Any, Dict, Iterator, List

from ..oci_registry.apply.workplace import Workplace, replace_file, writing
from ..oci_registry.commands import Child, end_orphan, start_time

_WORK, _MARK = "work", "mark.json"
_BOOT = "/proc/sys/kernel/random/boot_id"


def workplace() -> Workplace:
    """Where builds of this user work and lock: one folder, mode 0700, so one build at a time."""
    return Workplace(tempfile.gettempdir(), f"registry-runbooks-build-{os.getuid()}")


class WorkFolder:
    """One folder, mode 0700, with the mark that says what runs in it."""

    def __init__(self, path: str) -> None:
        self.path = path

    def inside(self, name: str) -> str:
        """A private folder of this name in it."""
        path = os.path.join(self.path, name)
        os.makedirs(path, mode=0o700, exist_ok=True)
        return path

    def remember(self, child: Child) -> None:
        """The program that runs now, for whoever comes after a kill."""
        owner = Child(os.getpid(), start_time(os.getpid()))
        mark = {"boot": _boot_id(), "owner": list(owner), "child": list(child)}
        replace_file(os.path.join(self.path, _MARK), json.dumps(mark) + "\n")


@contextlib.contextmanager
def work_folder(place: Workplace) -> Iterator[WorkFolder]:
    """A folder for the block, removed after it however that ended."""
    above = place.folder(_WORK)
    with writing(above):
        path = tempfile.mkdtemp(dir=above)
    try:
        made = WorkFolder(path)
        made.remember(Child(0, ""))
        yield made
    finally:
        shutil.rmtree(path, ignore_errors=True)


def remove_stale(place: Workplace) -> List[str]:
    """End what runs that died left running and remove their folders; only under the lock. Returns what was removed."""
    above = os.path.join(place.base, _WORK)
    removed = []
    for name in sorted(os.listdir(above)) if os.path.isdir(above) else []:
        path = os.path.join(above, name)
        mark = _mark(path)
        if mark.get("boot") == _boot_id():  # else other processes may have the numbers by now
            if _lives(_child(mark, "owner")):
                continue  # it only looks, in check mode
            end_orphan(_child(mark, "child"))
        shutil.rmtree(path, ignore_errors=True)
        removed.append(name)
    return removed


def _child(mark: Dict[str, Any], name: str) -> Child:
    found = mark.get(name)
    return Child(int(found[0]), str(found[1])) if isinstance(found, list) and len(found) == 2 else Child(0, "")


def _lives(process: Child) -> bool:
    return bool(process.started) and start_time(process.pid) == process.started


def _mark(path: str) -> Dict[str, Any]:
    try:
        with open(os.path.join(path, _MARK), encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _boot_id() -> str:
    try:
        with open(_BOOT, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""
