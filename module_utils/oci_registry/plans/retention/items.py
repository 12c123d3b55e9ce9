# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Items of a retention plan: what goes, and what stays and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Dict, Tuple

DELETE_MANIFEST, DELETE_TAG, KEEP = "delete-manifest", "delete-tag", "keep"


@dataclass
class Item:
    """One decision: ``delete-manifest`` with every tag that points at it, ``delete-tag`` alone, or ``keep``.

    ``parts`` go right after ``digest``, in this order: manifests that nothing else needs. ``way`` is api or disk, empty for keep.
    """

    action: str
    repository: str
    tags: Tuple[str, ...]
    digest: str
    reason: str
    parts: Tuple[str, ...] = ()
    way: str = ""
    state: str = ""  # planned, done, skipped or failed; empty for keep
    detail: str = ""

    @property
    def digests(self) -> Tuple[str, ...]:
        """All manifests that go, in their order."""
        return (self.digest, *self.parts)

    def as_dict(self) -> Dict[str, Any]:
        """The item as documented: plain JSON types."""
        return dict(asdict(self), tags=list(self.tags), parts=list(self.parts))
