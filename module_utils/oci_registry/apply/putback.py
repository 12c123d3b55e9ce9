# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a store has lost since a snapshot, and putting it back: always added, never over anything newer."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import Any, Dict, Iterator, List, NamedTuple

from ..errors import ApplyFailed
from ..store.layout import BASE, MAX_LINK_BYTES, parse_link
from ..store.reader import FILE_FLAGS
from .beneath import adopt, parent_folder, sync
from .snapshot import Snapshot
from .workplace import TEMPORARY, Workplace, writing


class Loss(NamedTuple):
    """What a snapshot has and the store has not: paths below the rootdirectory.

    ``links`` are those that are gone or hold no digest any more; ``moved`` are tags that point elsewhere now, which is no loss.
    """

    blobs: List[str]
    links: List[str]
    moved: List[str]
    bytes: int  # of the blobs

    def __bool__(self) -> bool:
        return bool(self.blobs or self.links)


def lost_since(snapshot: Snapshot, root: str) -> Loss:
    """Compare the store with the snapshot."""
    loss, size = Loss([], [], [], 0), 0
    for path in _files(snapshot.root, f"{BASE}/blobs", "data"):
        if not os.path.lexists(os.path.join(root, path)):
            loss.blobs.append(path)
            size += os.lstat(os.path.join(snapshot.root, path)).st_size
    for path in _files(snapshot.root, f"{BASE}/repositories", "link"):
        held = _read_link(os.path.join(root, path))
        if not held:
            if _read_link(os.path.join(snapshot.root, path)):
                loss.links.append(path)
        elif path.endswith("/current/link") and held != _read_link(os.path.join(snapshot.root, path)):
            loss.moved.append(path)
    return loss._replace(bytes=size)


def put_back(snapshot: Snapshot, root: str, workplace: Workplace, loss: Loss) -> None:
    """Add to the store what it has lost: blobs before the links that lead to them. Raises :class:`ApplyFailed`.

    What was put back stays where the rest fails, and another try goes on from there.
    """
    for path in loss.blobs:
        with writing(os.path.join(root, path)), parent_folder(root, path, create=True) as (folder, name):
            with contextlib.suppress(FileExistsError):
                os.link(os.path.join(snapshot.root, path), name, dst_dir_fd=folder, follow_symlinks=False)
            sync(folder)
    for path in loss.links:
        with writing(os.path.join(root, path)):
            _put_link(os.path.join(snapshot.root, path), root, path, workplace)


def swept(loss: Loss) -> Dict[str, Any]:
    """Counts of what is gone."""
    return {"blobs": len(loss.blobs), "links": len(loss.links), "bytes": loss.bytes}


def _put_link(kept: str, root: str, path: str, workplace: Workplace) -> None:
    """A whole new file, as it was in the snapshot (its time tells when a tag was pushed), renamed into its place."""
    temporary = os.path.join(workplace.folder(TEMPORARY), f"link-{secrets.token_hex(6)}")
    try:
        with open(kept, "rb") as source, open(temporary, "xb") as copy:
            status = os.fstat(source.fileno())
            copy.write(source.read(MAX_LINK_BYTES))
            copy.flush()
            adopt(copy.fileno(), status.st_uid, status.st_gid, status.st_mode & 0o777)
            os.utime(copy.fileno(), ns=(status.st_atime_ns, status.st_mtime_ns))
            os.fsync(copy.fileno())
        with parent_folder(root, path, create=True) as (folder, name):
            os.rename(temporary, name, dst_dir_fd=folder)
            sync(folder)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def _files(root: str, below: str, name: str) -> Iterator[str]:
    """The paths, below ``root``, of all files ``name`` in the folder ``below``."""
    start = len(root) + 1
    for folder, names, files in os.walk(os.path.join(root, below), onerror=_unreadable):
        names.sort()
        if name in files:
            yield f"{folder[start:]}/{name}"


def _unreadable(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise ApplyFailed(f"cannot be read ({error.strerror})", where=str(error.filename))


def _read_link(path: str) -> str:
    """The digest that a link file holds; empty for none."""
    try:
        descriptor = os.open(path, FILE_FLAGS)
    except OSError:
        return ""
    try:
        return parse_link(os.read(descriptor, MAX_LINK_BYTES + 1)) or ""
    except OSError:
        return ""
    finally:
        os.close(descriptor)
