# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Folders below a rootdirectory, opened one by one from there without following any symbolic link.

What a hostile or damaged store holds can so never make a write land elsewhere.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import Iterator, Tuple

from ..errors import ApplyFailed
from ..store.layout import MAX_LINK_BYTES
from ..store.reader import FILE_FLAGS, FOLDER_FLAGS


@contextlib.contextmanager
def parent_folder(root: str, path: str, *, create: bool = False) -> Iterator[Tuple[int, str]]:
    """A descriptor of the folder that holds ``path`` (below ``root``), and the last name of ``path``.

    ``create`` makes missing folders, with owner and mode of the folder above. Raises :class:`ApplyFailed` for a symbolic link on the
    way, and OSError as it comes for anything else.
    """
    *folders, name = path.split("/")
    if {"", ".", ".."} & {*folders, name}:
        raise ApplyFailed(f"{path[:200]!r} is no path inside a store", where=root)
    current = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            below = _enter(current, folder, create, os.path.join(root, path))
            os.close(current)
            current = below
        yield current, name
    finally:
        os.close(current)


def sync(descriptor: int) -> None:
    """Make the names in an open folder survive a power cut."""
    os.fsync(descriptor)


def _enter(parent: int, name: str, create: bool, where: str) -> int:
    try:
        return os.open(name, FOLDER_FLAGS, dir_fd=parent)
    except FileNotFoundError:
        if not create:
            raise
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise ApplyFailed(
                f"{name!r} is no folder of its own", where=where, advice="Symbolic links are not followed"
            ) from None
        raise
    _make(parent, name)
    return os.open(name, FOLDER_FLAGS, dir_fd=parent)


def _make(parent: int, name: str) -> None:
    above = os.fstat(parent)
    with contextlib.suppress(FileExistsError):  # the registry may make it at the same moment
        os.mkdir(name, 0o700, dir_fd=parent)
        made = os.open(name, FOLDER_FLAGS, dir_fd=parent)
        try:
            adopt(made, above.st_uid, above.st_gid, above.st_mode & 0o7777)
        finally:
            os.close(made)
        sync(parent)


def copy_file(source: int, target: int, name: str) -> None:
    """Copy a small file from one open folder to another, with owner, mode and times; what is there under its name is replaced."""
    reading = os.open(name, FILE_FLAGS, dir_fd=source)
    try:
        model = os.fstat(reading)
        writing = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600, dir_fd=target)
        try:
            os.write(writing, os.read(reading, MAX_LINK_BYTES))
            adopt(writing, model.st_uid, model.st_gid, model.st_mode & 0o7777)
            os.utime(writing, ns=(model.st_atime_ns, model.st_mtime_ns))
            os.fsync(writing)
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def adopt(descriptor: int, owner: int, group: int, mode: int) -> None:
    """Give an open file or folder its owner, group and mode; a user who is not root can only give what is theirs."""
    status = os.fstat(descriptor)
    if (status.st_uid, status.st_gid) != (owner, group):
        with contextlib.suppress(PermissionError):
            os.fchown(descriptor, owner, group)
    os.fchmod(descriptor, mode)
