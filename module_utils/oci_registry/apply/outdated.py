# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What retention keeps for an undo goes in its turn: links alone, which are of no use any more once their blobs were collected.

What a repair set aside is evidence, and stays until somebody removes it.
"""

from __future__ import annotations

import calendar
import contextlib
import os
import shutil
import time
from typing import Dict, List, Sequence

from ..errors import RegistryError
from .quarantine import Entry, read_index, replace_index
from .workplace import KEPT, Workplace, writing

_DAY = 86400.0


def outdated_runs(root: str, now: float, days: float) -> List[str]:
    """Runs of retention all of whose kept links are older than ``days`` as of ``now`` (seconds since the epoch), oldest first."""
    entries: Dict[str, List[Entry]] = {}
    with contextlib.suppress(RegistryError):  # another user's: nothing of it can go, then
        for entry in read_index(root):
            entries.setdefault(entry["run_id"], []).append(entry)
    return [run_id for run_id, kept in entries.items() if all(_is_outdated(entry, now - days * _DAY) for entry in kept)]


def remove_outdated(root: str, workplace: Workplace, run_ids: Sequence[str]) -> None:
    """Remove all that these runs kept, then their part of the index: a kill in between leaves names that the next run removes."""
    folder = workplace.folder(KEPT)
    with writing(folder):
        for run_id in run_ids:
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(os.path.join(folder, run_id))
        gone = frozenset(run_ids)
        replace_index(workplace, [entry for entry in read_index(root) if entry["run_id"] not in gone])


def _is_outdated(entry: Entry, before: float) -> bool:
    if entry.get("expires") is not True:
        return False
    with contextlib.suppress(KeyError, TypeError, ValueError):
        return calendar.timegm(time.strptime(entry["time"], "%Y-%m-%dT%H:%M:%SZ")) <= before
    return False
