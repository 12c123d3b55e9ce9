# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a killed run had begun to delete and left behind: manifests that no tag needs any more, however young they are."""

from __future__ import annotations

import contextlib
import os
from typing import FrozenSet, Set, Tuple

from ...apply.quarantine import list_quarantine
from ...digest import is_digest
from ...errors import RegistryError
from ...store.layout import BASE

_ABOVE = f"{BASE}/repositories/"
_MIDDLE = "/_manifests/revisions/"


def leftovers(root: str) -> FrozenSet[Tuple[str, str]]:
    """(repository, digest) of every link that was copied to the quarantine to be deleted, and still is as it was then.

    Nothing where the quarantine is another user's: then what is young merely stays for longer.
    """
    found: Set[Tuple[str, str]] = set()
    with contextlib.suppress(RegistryError):
        for entry in list_quarantine(root):
            repository, middle, _encoded = entry["path"].removeprefix(_ABOVE).partition(_MIDDLE)
            digest = entry.get("needs")
            if middle and is_digest(digest) and _is_unchanged(root, entry["path"], entry["kept"]):
                found.add((repository, str(digest)))
    return frozenset(found)


def _is_unchanged(root: str, path: str, kept: str) -> bool:
    with contextlib.suppress(OSError):
        return os.lstat(os.path.join(root, path)).st_mtime_ns == os.lstat(os.path.join(root, kept)).st_mtime_ns
    return False
