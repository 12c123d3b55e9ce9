# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Cleans up after builds that were killed, without building: a push may still run, and its password lies in a folder, where no build follows."""

from __future__ import annotations

from typing import Any, Dict

from ..oci_registry.apply.lock import RunLock
from ..oci_registry.apply.signals import Interruptions
from ..oci_registry.errors import ApplyFailed
from .workfolder import remove_stale, stale, workplace


def clean_up(lock_timeout: float, check_mode: bool) -> Dict[str, Any]:
    """What the module returns. Raises :class:`Locked` where a build is under way beside them, :class:`ApplyFailed` where something stays."""
    place = workplace()
    found = stale(place)
    if found and not check_mode:
        with Interruptions(), RunLock(place, lock_timeout):
            found = remove_stale(place)
            left = stale(place)
        if left:
            raise ApplyFailed("cannot be removed, and a password may be in it", where=left[0], advice="Remove it by hand")
    done = "would clean up" if check_mode else "cleaned up"
    said = f"{done} after {len(found)} runs that were killed" if found else "no run that was killed left anything"
    return {"changed": bool(found), "cleaned": len(found), "msg": said}
