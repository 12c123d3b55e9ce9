# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a run keeps its lock, its journal, its temporary files and its quarantine.

With a store it is ``<rootdirectory>/.registry-runbooks``, on the same file system as the store, so that files can be renamed and
hard-linked. Without one it is a folder of the user's, one for each registry.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import tempfile
from typing import Iterator, List

from ..errors import ApplyFailed
from ..store.layout import QUARANTINE

TEMPORARY, JOURNAL, KEPT = "tmp", "journal", "quarantine"


class NoSpace(ApplyFailed):
    """The file system is full: nothing more can be written to it."""


class Workplace:
    """The folder ``base``, which belongs to the user who runs this and to nobody else (mode 0700)."""

    def __init__(self, above: str, name: str) -> None:
        self.base = os.path.join(above, name)

    @classmethod
    def of_store(cls, root: str) -> Workplace:
        """The workplace in a rootdirectory."""
        return cls(root, QUARANTINE)

    @classmethod
    def of_registry(cls, registry: str) -> Workplace:
        """The workplace of this user for a registry (``host[:port]``) whose disk is not at hand."""
        key = hashlib.sha256(registry.encode()).hexdigest()[:16]
        return cls(tempfile.gettempdir(), f"registry-runbooks-{os.getuid()}-{key}")

    @property
    def lock_path(self) -> str:
        """The file that a run locks."""
        return os.path.join(self.base, "lock")

    def folder(self, *names: str) -> str:
        """The folder ``names`` below ``base``, made if need be. Raises :class:`ApplyFailed` where it cannot be trusted."""
        path = self.base
        make_private(path)
        for name in names:
            path = os.path.join(path, name)
            make_private(path)
        return path

    def remove_stale(self) -> List[str]:
        """Remove temporary files that a killed run left; only under the lock. Returns their names."""
        folder = os.path.join(self.base, TEMPORARY)
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        with writing(folder):
            for name in names:
                os.unlink(os.path.join(folder, name))
        return names


def make_private(path: str) -> None:
    """Make the folder ``path`` with mode 0700, or make sure that it is a real folder of this user."""
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o700)
        status = os.lstat(path)
    except OSError as error:
        raise ApplyFailed(
            f"cannot be made ({error.strerror})", where=path, advice="Free space, or run as a user who may write"
        ) from None
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (os.getuid(), 0):
        raise ApplyFailed("is not a folder of this user", where=path, advice="Look at who made it, then remove it")


def append_line(path: str, line: str) -> None:
    """Append one line to a file (mode 0600) and wait until it is on disk. A torn last line of a killed run is ended first."""
    with writing(path):
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            os.write(descriptor, (b"\n" if torn else b"") + line.encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def replace_file(path: str, text: str) -> None:
    """Replace a file (mode 0600) in one step, and wait until that is on disk: whoever is killed leaves the old one or the new one."""
    temporary = path + ".new"
    with writing(path):
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, path)
        sync_folder(os.path.dirname(path))


def sync_folder(path: str) -> None:
    """Wait until the names in a folder are on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def writing(where: str) -> Iterator[None]:
    """Turn what the operating system says into :class:`ApplyFailed`, with what to do about it."""
    try:
        yield
    except OSError as error:
        what = f"cannot be written ({error.strerror or error})"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            advice = "Free space on this file system and run again: nothing was replaced"
            raise NoSpace(what, where=where, advice=advice) from None
        raise ApplyFailed(what, where=where, advice="Nothing was replaced") from None
