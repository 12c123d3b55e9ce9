# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Processes that outlive the one that starts them, and are only ever stopped when they are still the same process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from typing import Callable, Dict, List, Optional, Tuple

from .errors import LabError

_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.02
_LOG_LINES = 20  # Prometheus says a dozen more after the reason
#: for /bin/sh, with the file for the PID as its name and the command as its arguments
_BECOME = """\
set -e
started() { shift 19; echo "$1"; }
read -r status < /proc/$$/stat
now=$(started ${status##*) })
echo "$$ $now" > "$0"
exec "$@" >&2
"""


class Daemon:
    """One background process, known by the file that holds its PID and its start time.

    The start time (clock ticks since boot) tells a PID that was given to another process from the one that was started.
    """

    def __init__(self, pid_path: str) -> None:
        self._pid_path = pid_path

    @property
    def pid(self) -> Optional[int]:
        """PID of the running process, or None."""
        recorded = self._recorded()
        if recorded is None:
            return None
        pid, started = recorded
        return pid if _start_time(pid) == started else None

    def start(self, command: List[str], log_path: str, environment: Dict[str, str]) -> None:
        """Start ``command`` in a session of its own, its output appended to ``log_path``.

        The shell in between ends at once, so that the process is nobody's child and needs nobody to wait for it. The process notes
        its PID itself before it becomes ``command``, so that it is known even if whoever starts it is killed.
        """
        self._forget()
        launch = ["/bin/sh", "-c", '/bin/sh -c "$@" &', "sh", _BECOME, self._pid_path, *command]
        with open(log_path, "ab") as log:
            subprocess.run(  # returns once nobody holds its output any more: the process has become the command
                launch,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,
                check=True,
            )
        if self._recorded() is None:
            raise LabError("its process cannot be noted", where=self._pid_path, advice="Is there space left?")

    def answer(self, answers: Callable[[], bool], seconds: float, name: str, log_path: str) -> None:
        """Return once it answers; LabError with the end of its log, and the process stopped, where it ends or takes longer."""
        deadline = time.monotonic() + seconds
        while not answers():
            if self.pid is None or time.monotonic() > deadline:
                self.stop()
                where = os.path.dirname(log_path)
                raise LabError(f"{name} does not start", where=where, advice="Its log ends:\n" + _tail(log_path))
            time.sleep(_POLL_SECONDS)

    def note(self, pid: int) -> None:
        """Take a process that somebody else started for this one, so that whoever clears up ends it."""
        with open(self._pid_path, "w", encoding="ascii") as file:
            file.write(f"{pid} {_start_time(pid)}\n")

    def stop(self) -> None:
        """End the process with SIGTERM, or SIGKILL after ten seconds; nothing where it does not run."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            pid = self.pid
            if pid is None:
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            if self._ended(time.monotonic() + _STOP_SECONDS):
                break
        else:
            raise LabError("the process does not end", where=f"pid {self.pid}")
        self._forget()

    def _ended(self, deadline: float) -> bool:
        while self.pid is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _forget(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._pid_path)

    def _recorded(self) -> Optional[Tuple[int, str]]:
        try:
            with open(self._pid_path, encoding="ascii") as file:
                pid, started = file.read().split()
            return int(pid), started
        except (OSError, ValueError):
            return None


def _start_time(pid: int) -> Optional[str]:
    """Start time of a living process; None for one that is gone or only waits to be reaped.

    A zombie with more than one thread is still dying: its other threads hold the port and the files.
    """
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    state, threads, started = fields[0], int(fields[17]), fields[19]
    return None if state in "ZX" and threads <= 1 else started


def _tail(path: str) -> str:
    """The last lines of a log."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return "".join(file.readlines()[-_LOG_LINES:])
