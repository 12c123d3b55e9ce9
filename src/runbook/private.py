# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The folder for the temporary files of a run.

It may hold secrets: ansible-runner keeps the command line and the environment in it. So it is removed whatever happens, and one that a
killed run left by the next run. It has a file that is locked (flock) while the run lives: without that file a folder is not ours. An
ansible-playbook may outlive a console that was killed, and still works in that folder: it is named in its environment.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "runbook-"
_LOCK = "run.lock"


@contextmanager
def folder() -> Iterator[str]:
    """A new folder; it is gone at the end, and so is what killed runs left."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError):  # it lives, or is somebody else's
            _remove_if_dead(left)
    path, lock = _make()
    try:
        yield str(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _make() -> tuple[Path, int]:
    """A folder and its lock; anew where another run took it for left behind in the moment before it was locked."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = os.open(path / _LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (path / _LOCK).exists():
            return path, lock
        os.close(lock)


def _remove_if_dead(lock: Path) -> None:
    """Remove a folder of the same user whose run ended without doing so."""
    if lock.parent.lstat().st_uid != os.geteuid():
        return
    number = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # even of ours, a pipe would be waited for
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not any(f"={lock.parent}".encode() in environment for environment in _environments()):
            shutil.rmtree(lock.parent)
    finally:
        os.close(number)


def _environments() -> Iterator[bytes]:
    """The environment of every process of this user; there are none to read where there is no /proc."""
    for file in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            yield file.read_bytes()
