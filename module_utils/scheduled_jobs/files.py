# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Reads the files that cron and systemd obey, and replaces them at once, with owner and mode. The only part that writes."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from typing import List, Optional

from ..oci_registry.errors import ApplyFailed

LARGEST = 1 << 20  # bytes: nobody writes a longer crontab or job by hand


class Tree:
    """The files of a machine, below ``root`` (``/`` for the machine itself). Paths are absolute, as the machine sees them."""

    def __init__(self, root: str = "/") -> None:
        self.root = root.rstrip("/")
        self.problems: List[str] = []

    def real(self, path: str) -> str:
        """Where a path is for us."""
        return f"{self.root}{path}"

    def names(self, folder: str) -> List[str]:
        """What a folder holds, sorted; nothing where there is none. What cannot be read becomes a problem."""
        try:
            return sorted(os.listdir(self.real(folder)))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self.problems.append(f"{folder}: {error.strerror}")
            return []

    def text(self, path: str) -> Optional[str]:
        """A small text file, byte for byte (surrogates stand for what is no UTF-8); None where there is none or it is something else."""
        try:
            status = os.stat(self.real(path))
            if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
                return None
            with open(self.real(path), "rb") as file:
                content = file.read(LARGEST)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self.problems.append(f"{path}: {error.strerror}")
            return None
        return None if b"\0" in content else content.decode("utf-8", "surrogateescape")

    def mode(self, path: str) -> int:
        """Permission bits; 0 where there is no file."""
        try:
            return stat.S_IMODE(os.stat(self.real(path)).st_mode)
        except OSError:
            return 0

    def replace(self, path: str, before: Optional[str], after: Optional[str]) -> None:
        """Replace, make (``before`` None) or remove (``after`` None) a file at once. Raises :class:`ApplyFailed` where that fails, or
        where the file no longer holds what it did."""
        if self.text(path) != before:
            raise ApplyFailed("the file changed while it was looked at", where=path, advice="Run again")
        target = os.path.realpath(self.real(path))
        if not target.startswith(f"{os.path.realpath(self.root)}/" if self.root else "/"):
            raise ApplyFailed("is a symbolic link that leads out of root", where=path)
        try:
            if after is None:
                os.unlink(target)
            else:
                _write(target, after)
        except OSError as error:
            raise ApplyFailed(f"cannot be written ({error.strerror})", where=path) from None

    def chmod(self, path: str, mode: int) -> None:
        """Set permission bits. Raises :class:`ApplyFailed` where that fails."""
        try:
            os.chmod(self.real(path), mode)
        except OSError as error:
            raise ApplyFailed(f"its mode cannot be set ({error.strerror})", where=path) from None


def _write(target: str, content: str) -> None:
    """Through a hidden file beside it, which cron ignores, renamed once its bytes are on the disk."""
    folder = os.path.dirname(target)
    os.makedirs(folder, mode=0o755, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=".registry-runbooks-", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode("utf-8", "surrogateescape"))
            _dress(file.fileno(), target)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _dress(descriptor: int, target: str) -> None:
    """Owner, group and mode of the file that is replaced; 0644 for a new one."""
    try:
        model = os.stat(target)
    except FileNotFoundError:
        os.fchmod(descriptor, 0o644)
        return
    if (model.st_uid, model.st_gid) != (os.geteuid(), os.getegid()):
        os.fchown(descriptor, model.st_uid, model.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(model.st_mode))
