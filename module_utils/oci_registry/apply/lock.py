# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One run at a time: a lock that the kernel lets go of however the run ends."""

from __future__ import annotations

import fcntl
import os
import time
from types import TracebackType
from typing import Optional, Type

from ..errors import Locked
from .workplace import Workplace, writing

_POLL_SECONDS = 0.1


def open_lock(path: str) -> int:
    """A descriptor of the file that is locked, made if it is missing. Raises :class:`ApplyFailed`."""
    with writing(path):
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


class RunLock:
    """Context manager that holds the lock of a workplace; waits ``timeout`` seconds for it, then raises :class:`Locked`.

    The file holds the PID of the run that has, or last had, the lock, when it took it, and its name. It is never removed: a lock on a
    removed file locks nobody out.
    """

    def __init__(self, workplace: Workplace, timeout: float, run_id: str = "") -> None:
        self._workplace = workplace
        self._timeout = timeout
        self._run_id = run_id
        self._descriptor = -1

    def __enter__(self) -> RunLock:
        self._workplace.folder()
        self._descriptor = open_lock(self._workplace.lock_path)
        try:
            self._wait()
            with writing(self._workplace.lock_path):
                os.ftruncate(self._descriptor, 0)
                os.pwrite(self._descriptor, self._about().encode(), 0)
        except BaseException:
            os.close(self._descriptor)
            raise
        return self

    def __exit__(
        self, _kind: Optional[Type[BaseException]], _error: Optional[BaseException], _trace: Optional[TracebackType]
    ) -> None:
        os.close(self._descriptor)

    def _wait(self) -> None:
        deadline = time.monotonic() + self._timeout
        while not self._try():
            if time.monotonic() >= deadline:
                raise self._refusal()
            time.sleep(_POLL_SECONDS)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _about(self) -> str:
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return f"{os.getpid()} {since} {self._run_id}\n"

    def _refusal(self) -> Locked:
        holder, since, run_id, *_more = [*os.pread(self._descriptor, 200, 0).decode("ascii", "replace").split(), "", "", ""]
        about = f"pid {holder or 'unknown'}" + (f", since {since}" if since else "") + (f", run {run_id}" if run_id else "")
        what = f"another run ({about}) holds the lock, and still did after {self._timeout:g} seconds"
        return Locked(what, where=self._workplace.lock_path, advice="Wait for it to end, or raise lock_timeout")
