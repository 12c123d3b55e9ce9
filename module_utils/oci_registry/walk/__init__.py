# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP observer: walks images, repositories or a whole catalog, and proves by bytes that all of it can be fetched."""

from __future__ import annotations

from .outcome import Outcome, Progress
from .repository import Options
from .walker import PROOFS, Walk, walk

__all__ = ["PROOFS", "Options", "Outcome", "Progress", "Walk", "walk"]
