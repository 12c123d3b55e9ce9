# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Reads a file and later replaces it at once, unless anybody changed it in between: the only part that writes."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import time
from typing import NamedTuple

from ..oci_registry.errors import ApplyFailed, BadInput

_IDENTITY = ("st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")


class Original(NamedTuple):
    """A file as it was read."""

    path: str
    content: bytes
    stat: os.stat_result


def read_original(path: str) -> Original:
    """Read a regular file. Raises BadInput for anything else, and for symbolic links: only the file itself is ever replaced."""
    try:
        if os.path.islink(path):
            real = os.path.realpath(path)
            raise BadInput(f"is a symbolic link to {real}", where=path, advice=f"Give path: {real}")
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise BadInput("is no regular file", where=path)
            return Original(path, file.read(), status)
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror})", where=path) from None


def refuse_read_only(original: Original) -> None:
    """Raises BadInput if the file is not meant to be written: no mode bit allows it, or this user may not."""
    folder = os.path.dirname(original.path)
    if not original.stat.st_mode & 0o222 or not os.access(original.path, os.W_OK):
        raise BadInput("is read-only", where=original.path, advice="Make it writable first, if it is meant to change")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BadInput(
            "no file can be written in this folder",
            where=folder,
            advice="The new file is made there, then takes the old one's place",
        )


def replace(original: Original, content: bytes, *, backup: bool) -> str:
    """Put ``content`` in the place of the file, with its owner, mode and extended attributes (ACLs too).

    Returns the path of the backup, or nothing. Raises ApplyFailed, with the file as it was, where that cannot be done.
    """
    folder, name = os.path.split(original.path)
    new = ""
    try:
        descriptor, new = tempfile.mkstemp(prefix=f".{name}.", suffix=".new", dir=folder)
        with open(descriptor, "wb") as file:
            file.write(content)
            _dress(original, new)
            os.fsync(file.fileno())
        kept = _keep(original) if backup else ""
        _refuse_changed(original)
        os.replace(new, original.path)
        _sync(folder)
    except OSError as error:
        raise ApplyFailed(f"cannot be replaced ({error.strerror})", where=original.path, advice="The file is as it was") from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(new)
    return kept


def _dress(original: Original, new: str) -> None:
    """Owner first, since changing it may take mode bits away; then mode and extended attributes, and the time of now."""
    if (os.stat(new).st_uid, os.stat(new).st_gid) != (original.stat.st_uid, original.stat.st_gid):
        os.chown(new, original.stat.st_uid, original.stat.st_gid)
    shutil.copystat(original.path, new)
    os.utime(new)


def _keep(original: Original) -> str:
    """A copy of the file beside it, named by the time; a second one of the same second gets a number."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    for number in range(100):
        kept = f"{original.path}.{stamp}{f'-{number}' if number else ''}.bak"
        try:
            descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with open(descriptor, "wb") as file:
            file.write(original.content)
            _dress(original, kept)
            os.fsync(file.fileno())
        return kept
    raise ApplyFailed("there are too many backups of this second", where=original.path)


def _refuse_changed(original: Original) -> None:
    """The last look before the file is replaced."""
    with open(original.path, "rb") as file:
        status = os.fstat(file.fileno())
        same = all(getattr(status, name) == getattr(original.stat, name) for name in _IDENTITY)
        if not same or os.path.islink(original.path) or file.read() != original.content:
            raise ApplyFailed(
                "somebody changed it in the meantime", where=original.path, advice="Nothing was written; run this again"
            )


def _sync(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
