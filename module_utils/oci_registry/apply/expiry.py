# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which snapshots go, and when: pure, but for the bytes that come free."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from .moment import Moment
from .snapshot import Snapshot, remove_snapshot

_DAY = 86400.0


class Due(NamedTuple):
    """Snapshots to remove, and what is said of those that stay for another reason than their age."""

    snapshots: List[Snapshot]
    notes: List[str]


def due(snapshots: Sequence[Snapshot], at: Moment, *, keep_days: float, protected: Optional[str] = None) -> Due:
    """Those that are older than ``keep_days``. ``protected``: needed by a collection that was interrupted."""
    found = Due([], [])
    for snapshot in snapshots:
        age = snapshot.taken.age(at)
        if age is None:
            found.notes.append(f"snapshot {snapshot.id} is dated in the future ({snapshot.taken.text}): kept until it is named")
        elif snapshot.id != protected and age >= keep_days * _DAY:
            found.snapshots.append(snapshot)
    return found


def expire(snapshots: Sequence[Snapshot]) -> List[Dict[str, Any]]:
    """Remove them; one record each, with the bytes that came free."""
    return [dict(snapshot.as_dict(), freed_bytes=remove_snapshot(snapshot)) for snapshot in snapshots]
