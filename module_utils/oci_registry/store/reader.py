# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Reading below one rootdirectory without ever leaving it.

Every folder is opened relative to its parent, no symbolic link is followed, and special files are opened so that none blocks.
What cannot be read is noted in ``problems``, in words, and raised as :class:`Blind`, so that nobody takes "could not look" for
"is not there".
"""

from __future__ import annotations

import errno
import os
import stat
from typing import Any, List, Optional, Set, Tuple

from .layout import MAX_LINK_BYTES

FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
CHUNK_BYTES = 1 << 18
MAX_PROBLEMS = 1000

_ABSENT = (errno.ENOENT, errno.ENOTDIR)
_UNUSABLE = (errno.EIO, errno.EUCLEAN, errno.EBADMSG, errno.ELOOP, errno.ENXIO)  # the last one: a socket, opened like a file


class Blind(Exception):
    """Something could not be looked at; ``problems`` of the reader says what and why."""


class Unusable(Blind):
    """A file whose bytes nobody can have: a bad sector, a broken file system, or no file at all but something else in its place.

    Unlike what only this user may not read, it is the file itself that is wrong, and can be replaced.
    """


class Reader:
    """Opens and reads below ``root``. Paths in ``problems`` are absolute; those of the arguments are relative to ``root``."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.problems: List[str] = []
        self._seen: Set[str] = set()

    def open_root(self) -> int:
        """A descriptor of the rootdirectory, which may itself be a symbolic link."""
        try:
            return os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise self.blind("", error) from None

    def open_folder(self, parent: int, name: str, path: str) -> Optional[int]:
        """A descriptor of the folder ``name`` in the open folder ``parent``, None if there is no such folder.

        ``path`` is the same folder as a path, for messages. Raises :class:`Blind`.
        """
        try:
            return os.open(name, FOLDER_FLAGS, dir_fd=parent)
        except OSError as error:
            if error.errno == errno.ENOENT or (error.errno == errno.ENOTDIR and not _is_symlink(parent, name)):
                return None
            raise self.blind(path, error) from None

    def open_path(self, start: int, parts: Tuple[str, ...], path: str) -> Optional[int]:
        """Like :meth:`open_folder`, over several folders; ``path`` is that of ``start``. No part may hold a slash."""
        current: Optional[int] = os.dup(start)
        for part in parts:
            if current is None:
                break
            path = f"{path}/{part}" if path else part
            try:
                below = self.open_folder(current, part, path)
            finally:
                os.close(current)
            current = below
        return current

    def read_link(self, parent: int, name: str, path: str) -> Optional[bytes]:
        """What the link file ``name`` holds, at most one byte more than a link may be long; None if there is none."""
        try:
            descriptor = os.open(name, FILE_FLAGS, dir_fd=parent)
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise self.blind(path, error) from None
        try:
            return os.read(descriptor, MAX_LINK_BYTES + 1)
        except IsADirectoryError:
            return b"a folder, where a file should be"
        except OSError as error:
            raise self.blind(path, error) from None
        finally:
            os.close(descriptor)

    def file_size(self, parent: int, name: str, path: str) -> Optional[int]:
        """The size of a regular file in bytes; None if there is none (a folder in its place counts as none)."""
        try:
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise self._blind_to_file(path, error) from None
        if stat.S_ISREG(status.st_mode):
            return status.st_size
        if stat.S_ISDIR(status.st_mode):
            return None
        raise self.refuse(path, status.st_mode)

    def read_file(self, parent: int, name: str, path: str, limit: int) -> Optional[bytes]:
        """The bytes of a regular file that :meth:`file_size` was asked about, at most ``limit`` of them; None if it is gone."""
        descriptor = self._open_file(parent, name, path)
        if descriptor is None:
            return None
        try:
            return _read_up_to(descriptor, limit)
        except OSError as error:
            raise self._blind_to_file(path, error) from None
        finally:
            os.close(descriptor)

    def hash_file(self, parent: int, name: str, path: str, digester: Any) -> Optional[str]:
        """The hexadecimal hash of a regular file by the hashlib object ``digester``; None if it is gone."""
        descriptor = self._open_file(parent, name, path)
        if descriptor is None:
            return None
        buffer = memoryview(bytearray(CHUNK_BYTES))
        try:
            while True:
                count = os.readv(descriptor, [buffer])
                if not count:
                    return str(digester.hexdigest())
                digester.update(buffer[:count])
        except OSError as error:
            raise self._blind_to_file(path, error) from None
        finally:
            os.close(descriptor)

    def _open_file(self, parent: int, name: str, path: str) -> Optional[int]:
        try:
            return os.open(name, FILE_FLAGS, dir_fd=parent)
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise self._blind_to_file(path, error) from None

    def _blind_to_file(self, path: str, error: OSError) -> Blind:
        found = self.blind(path, error)
        return Unusable(str(found)) if error.errno in _UNUSABLE else found

    def blind(self, path: str, error: OSError) -> Blind:
        """Note why ``path`` could not be looked at; the caller raises what this returns."""
        full = os.path.join(self.root, path) if path else self.root
        target = _target_of(full) if error.errno in (errno.ELOOP, errno.ENOTDIR) else None
        if target is not None:
            return self.note(path, f"is a symbolic link to {target!r}: not followed, so nothing is known of what it stands for")
        return self.note(path, f"cannot be read ({error.strerror or error})")

    def refuse(self, path: str, mode: int) -> Blind:
        """Note that ``path`` is of a kind that is not read."""
        if stat.S_ISLNK(mode):
            return self._blind_to_file(path, OSError(errno.ELOOP, ""))
        return Unusable(str(self.note(path, "is neither a file nor a folder: not read")))

    def note(self, path: str, what: str) -> Blind:
        """Put one problem on the list, once; past ``MAX_PROBLEMS`` only that there are more."""
        full = os.path.join(self.root, path) if path else self.root
        problem = f"{shown(full)} {what}"
        if len(self.problems) < MAX_PROBLEMS and problem not in self._seen:
            self._seen.add(problem)
            self.problems.append(problem)
            if len(self.problems) == MAX_PROBLEMS:
                self.problems.append("more could not be read: the list ends here")
        return Blind(problem)


def shown(path: str) -> str:
    """A path fit for a terminal: control characters and broken bytes escaped."""
    return path if path.isprintable() else ascii(path)[1:-1]


def _is_symlink(parent: int, name: str) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _target_of(path: str) -> Optional[str]:
    try:
        return os.readlink(path)
    except OSError:
        return None


def _read_up_to(descriptor: int, limit: int) -> bytes:
    chunks: List[bytes] = []
    while limit > 0:
        chunk = os.read(descriptor, limit)
        if not chunk:
            break
        chunks.append(chunk)
        limit -= len(chunk)
    return b"".join(chunks)
