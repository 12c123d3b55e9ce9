# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Snapshots of a store: the bytes of blobs as hard links, which cost no space while they live, and links as copies.

A registry never rewrites a blob, but 2.8 rewrites link files in place, so a hard link to one would change with it. A snapshot is a
rootdirectory of its own, ``<rootdirectory>/.registry-runbooks/snapshots/<id>``; what is in a folder ``partial-…`` beside it was not
finished, and counts for nothing.
"""

from __future__ import annotations

import json
import os
import shutil
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..errors import ApplyFailed, BadInput
from ..store.layout import BASE, BASE_PARTS
from .copier import SAME_FILE_SYSTEM, copy_store
from .moment import Moment, now
from .workplace import Workplace, sync_folder, writing

SNAPSHOTS, META = "snapshots", "meta.json"
_PARTIAL = "partial-"


class Snapshot(NamedTuple):
    """One finished snapshot. ``about`` has counts (blobs, links), ``number`` and, if a collection made it, ``plan``: what was to go."""

    id: str
    root: str  # its own rootdirectory
    taken: Moment
    about: Dict[str, Any]

    @property
    def number(self) -> int:
        """One more than that of the newest snapshot that there was when this one was made."""
        number = self.about.get("number")
        return number if isinstance(number, int) else 0

    def as_dict(self) -> Dict[str, Any]:
        """For results: id, path, when, and counts."""
        counts = {key: self.about.get(key, 0) for key in ("blobs", "links")}
        return {"id": self.id, "path": self.root, "taken": self.taken.text, **counts}


def list_snapshots(workplace: Workplace) -> List[Snapshot]:
    """All finished snapshots, oldest first: by number, which no clock that jumps puts out of order."""
    folder = os.path.join(workplace.base, SNAPSHOTS)
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    found = (_read(os.path.join(folder, name), name) for name in names if not name.startswith(_PARTIAL))
    return sorted([snapshot for snapshot in found if snapshot is not None], key=_age)


def find_snapshot(workplace: Workplace, name: Optional[str]) -> Snapshot:
    """The snapshot ``name``, or the newest. Raises :class:`BadInput` where there is none."""
    snapshots = list_snapshots(workplace)
    for snapshot in snapshots[::-1]:
        if not name or name == snapshot.id:
            return snapshot
    known = ", ".join(snapshot.id for snapshot in snapshots)
    what = f"no snapshot {str(name)[:80]!r}" if name else "no snapshot"
    raise BadInput(what, where=workplace.base, advice=f"There are: {known}" if known else "There is none at all")


def take_snapshot(root: str, workplace: Workplace, name: str, about: Dict[str, Any]) -> Snapshot:
    """Make the snapshot ``name`` of the store. Raises :class:`ApplyFailed`; nothing of it is left then.

    Links come first: whatever a link of a running registry leads to is there before it, and so is in the snapshot.
    """
    folder = workplace.folder(SNAPSHOTS)
    check_file_system(root, workplace)
    partial = os.path.join(folder, _PARTIAL + name)
    try:
        with writing(partial):
            os.makedirs(os.path.join(partial, *BASE_PARTS), 0o700)
            counts = copy_store(root, partial)
            number = max((snapshot.number for snapshot in list_snapshots(workplace)), default=0) + 1
            _write_meta(partial, dict(about, **counts, number=number))
            os.rename(partial, os.path.join(folder, name))
            sync_folder(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return find_snapshot(workplace, name)


def remove_partial(workplace: Workplace) -> None:
    """Remove what killed runs left; only under the lock."""
    folder = os.path.join(workplace.base, SNAPSHOTS)
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        if name.startswith(_PARTIAL):
            shutil.rmtree(os.path.join(folder, name), ignore_errors=True)


def remove_snapshot(snapshot: Snapshot) -> int:
    """Remove a snapshot; returns the bytes that came free: those of blobs that nothing else holds.

    It is renamed first, so that one that is removed only in part is never taken for a snapshot.
    """
    freed = held_bytes(snapshot)
    folder, name = os.path.split(snapshot.root)
    partial = os.path.join(folder, _PARTIAL + name)
    with writing(snapshot.root):
        os.rename(snapshot.root, partial)
        shutil.rmtree(partial)
    return freed


def held_bytes(snapshot: Snapshot) -> int:
    """The bytes of all blobs that only this snapshot still holds."""
    held = 0
    for folder, _names, files in os.walk(os.path.join(snapshot.root, BASE, "blobs")):
        for name in files:
            status = os.lstat(os.path.join(folder, name))
            held += status.st_size if status.st_nlink == 1 else 0
    return held


def check_file_system(root: str, workplace: Workplace) -> None:
    """Raise :class:`ApplyFailed` where blobs cannot be hard-linked into the workplace."""
    blobs = os.path.join(root, BASE, "blobs")
    above = workplace.base if os.path.isdir(workplace.base) else root
    if os.path.isdir(blobs) and os.stat(blobs).st_dev != os.stat(above).st_dev:
        raise ApplyFailed("is on another file system than the snapshot would be", where=blobs, advice=SAME_FILE_SYSTEM)


def _write_meta(folder: str, about: Dict[str, Any]) -> None:
    """The last thing to be written; once it is on disk, so is all that was written before it."""
    path = os.path.join(folder, META)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(dict(about, taken=now().as_dict()), file)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(folder)


def _age(snapshot: Snapshot) -> Tuple[int, float]:
    return snapshot.number, snapshot.taken.wall


def _read(folder: str, name: str) -> Optional[Snapshot]:
    try:
        with open(os.path.join(folder, META), encoding="utf-8") as file:
            about = json.load(file)
        return Snapshot(name, folder, Moment.from_dict(about["taken"]), about)
    except (OSError, ValueError, KeyError, TypeError):
        return None
