# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Pushes under way, as the store shows them: uploads, and what was uploaded and is not named by a manifest yet.

Somebody is at it while something is written: an upload that nobody has written to for the grace period was broken off, as are all that
were cut when the registry was stopped. A collection takes neither kind; it is only for the sake of those who push that it waits.
"""

from __future__ import annotations

import os
import stat
import time
from typing import Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ..plans.collection import Push
from ..store.layout import BASE, layer_link_path, revision_link_path

#: a file from further in the future than this says that the clock jumped, not that somebody writes, in seconds
_SKEW_SECONDS = 300.0
_MAX_NESTING = 128


class Uploads(NamedTuple):
    """The uploads of a store."""

    in_flight: List[Push]
    stale: List[str]  # in words


def find_uploads(root: str, grace: float) -> Uploads:
    """Every upload below ``repositories/``, those of repositories without any image included.

    One is in flight where the last write is less than ``grace`` seconds ago. A folder with neither ``startedat`` nor ``data`` is what a
    cancelled mount leaves: no upload.
    """
    found = Uploads([], [])
    now = time.time()
    for repository, folder in _upload_folders(os.path.join(root, BASE, "repositories"), ""):
        for name in _folders(folder):
            written = _last_write(os.path.join(folder, name))
            if written is None:
                continue
            age = now - written
            if _is_recent(age, grace):
                found.in_flight.append(Push(repository, "", max(age, 0.0), f"upload {name[:64]} is under way"))
            else:
                found.stale.append(f"{repository}: upload {name[:64]} was broken off ({age / 60:.0f} minutes without a write)")
    return found


def young_blobs(root: str, links: Sequence[Tuple[str, str]], grace: float) -> List[Push]:
    """Those of the layer links (repository, digest) that were written less than ``grace`` seconds ago."""
    what = "its bytes were uploaded, and no manifest names them yet"
    return [
        Push(repository, digest, age, what)
        for repository, digest in links
        for age in _young(os.path.join(root, layer_link_path(repository, digest)), grace)
    ]


def young_manifests(root: str, links: Sequence[Tuple[str, str]], grace: float) -> List[Push]:
    """Those of the revision links (repository, digest) that were written less than ``grace`` seconds ago."""
    what = "it was pushed by its digest, and no tag needs it yet"
    return [
        Push(repository, digest, age, what)
        for repository, digest in links
        for age in _young(os.path.join(root, revision_link_path(repository, digest)), grace)
    ]


def _young(path: str, grace: float) -> Iterator[float]:
    """The age of the file in seconds, if it is young."""
    try:
        age = time.time() - os.lstat(path).st_mtime
    except OSError:
        return
    if _is_recent(age, grace):
        yield max(age, 0.0)


def _is_recent(age: float, limit: float) -> bool:
    return -_SKEW_SECONDS < age < limit


def _upload_folders(folder: str, name: str, depth: int = 0) -> Iterator[Tuple[str, str]]:
    """(repository, path) of every folder ``_uploads``; symbolic links are not followed."""
    for entry in _folders(folder) if depth < _MAX_NESTING else ():
        path = os.path.join(folder, entry)
        if entry == "_uploads":
            yield name, path
        elif not entry.startswith("_"):
            yield from _upload_folders(path, f"{name}/{entry}" if name else entry, depth + 1)


def _folders(path: str) -> List[str]:
    try:
        with os.scandir(path) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:  # gone meanwhile; what cannot be read at all, the scan says
        return []


def _last_write(folder: str) -> Optional[float]:
    times = []
    for name in ("startedat", "data"):
        try:
            status = os.lstat(os.path.join(folder, name))
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode):
            times.append(status.st_mtime)
    return max(times) if times else None
