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

from ..oci_registry.apply.moment import boot_id
from ..oci_registry.apply.workplace import Workplace, replace_file, writing
from ..oci_registry.commands import Child, end_orphan, start_time

_WORK, _MARK = "work", "mark.json"


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
        mark = {"boot": boot_id(), "owner": list(owner), "child": list(child)}
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
    found = stale(place)
    for path in found:
        mark = _mark(path)
        if mark.get("boot") == boot_id():  # else another process may have the number by now
            end_orphan(_child(mark, "child"))
        shutil.rmtree(path, ignore_errors=True)
    return [path for path in found if not os.path.exists(path)]


def stale(place: Workplace) -> List[str]:
    """Folders of runs that died. A run that only looks, in check mode, has one without the lock: where its owner lives it is none."""
    above = os.path.join(place.base, _WORK)
    paths = [os.path.join(above, name) for name in sorted(os.listdir(above))] if os.path.isdir(above) else []
    return [path for path in paths if not _is_used(_mark(path))]


def _child(mark: Dict[str, Any], name: str) -> Child:
    found = mark.get(name)
    return Child(int(found[0]), str(found[1])) if isinstance(found, list) and len(found) == 2 else Child(0, "")


def _is_used(mark: Dict[str, Any]) -> bool:
    owner = _child(mark, "owner")
    return mark.get("boot") == boot_id() and bool(owner.started) and start_time(owner.pid) == owner.started


def _mark(path: str) -> Dict[str, Any]:
    try:
        with open(os.path.join(path, _MARK), encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
