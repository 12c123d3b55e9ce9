# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The disk observer: reads a whole store and says what Distribution's API would answer from it, without asking it."""

from __future__ import annotations

from ..store.accepts import DIALECTS
from .part import Study
from .scanner import PROOFS, scan

__all__ = ["DIALECTS", "PROOFS", "Study", "scan"]
