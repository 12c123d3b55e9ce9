# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The disk side: where stores are, how they are laid out, and reading them without following anything out of them."""

from __future__ import annotations

from .find import AUTO, CACHE, HOSTED, MODES, StoreLocation, detect_mode, find_stores, one_root

__all__ = ["AUTO", "CACHE", "HOSTED", "MODES", "StoreLocation", "detect_mode", "find_stores", "one_root"]
