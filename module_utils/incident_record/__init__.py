# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The record of a run: from what the roles kept of it to plan, findings before and after, timeline, a page to read and a post-mortem draft.

Everything but ``folder.py`` is pure. Whatever a registry or a machine named itself is taken for hostile: see ``safe.py``.
"""

from __future__ import annotations

from .documents import documents
from .folder import RecordError, converge, is_written_in, journal, write

__all__ = ["RecordError", "converge", "documents", "is_written_in", "journal", "write"]
