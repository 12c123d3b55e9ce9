# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The scenarios of the drill: each breaks a real registry the way it happens in the field, and says what must be found."""

from __future__ import annotations

from typing import Callable, Dict

from .damaged_blobs import damaged_blobs
from .orphan_index import orphan_index
from .stage import Scene, Stage
from .stale_cache import stale_cache
from .unlinked import unlinked

__all__ = ["SCENARIOS", "Scene", "Stage"]

#: name: what breaks the registry of a stage
SCENARIOS: Dict[str, Callable[[Stage], Scene]] = {
    "orphan-index": orphan_index,
    "unlinked": unlinked,
    "damaged-blobs": damaged_blobs,
    "stale-cache": stale_cache,
}
