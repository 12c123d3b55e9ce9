# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Tar archives that nobody vouched for: their members are found and read in place, and nothing is ever unpacked by its name."""

from __future__ import annotations

from .index import Member, Tarball

__all__ = ["Member", "Tarball"]
