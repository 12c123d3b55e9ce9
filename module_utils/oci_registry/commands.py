# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Commands of the operator's: each in a process group of its own, with a time limit, and never more of its output kept than its end."""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import time
from typing import IO, Callable, Dict, List, NamedTuple, Optional, Sequence

from .errors import CommandFailed

Argv = Sequence[str]
Line = Callable[[str], None]

_TAIL_BYTES = 4096
_POLL_SECONDS = 0.2
#: how long what the command left running may still write after it has ended, before nobody listens any more, in seconds
_LINGER_SECONDS = 0.5
_KILL_AFTER_SECONDS = 10.0
_LONGEST_LINE = 1 << 16
_MAX_LINES, _MAX_SHOWN = 20, 500
#: becomes the command once a line comes in, and ends where none does
_WAITING = ("/bin/sh", "-c", 'read -r _go && exec "$@"', "sh")


class Child(NamedTuple):
    """A process that may outlive the one that started it. ``started``: in clock ticks since boot, which no other process of that PID has."""

    pid: int
    started: str


class Outcome(NamedTuple):
    """How a command ended: its exit code (negative for a signal), and the end of what it wrote, errors last."""

    code: int
    tail: str


def last_lines(tail: str) -> List[str]:
    """The last few lines of what a command wrote, for whoever wants to read more than one."""
    return [line.rstrip()[:_MAX_SHOWN] for line in tail.splitlines() if line.strip()][-_MAX_LINES:]


def last_line(tail: str) -> str:
    """The last line that a command wrote: programs say last why they end."""
    lines = [line.strip() for line in last_lines(tail)]
    return lines[-1] if lines else "it said nothing"


def run_command(
    argv: Argv, timeout: float, on_line: Optional[Line] = None, on_start: Optional[Callable[[Child], None]] = None
) -> Outcome:
    """Run ``argv`` to its end. Raises :class:`CommandFailed` where it does not start or end.

    ``on_line`` hears each line of standard output. ``on_start`` hears of the process before it does anything: if this one is killed
    first, the command never begins. Whatever else is raised meanwhile, the whole process group is killed first.
    """
    with _started(argv, waits=on_start is not None) as process:
        try:
            if on_start is not None:
                on_start(Child(process.pid, start_time(process.pid)))
                _let_go(process)
            return _Listener(process, on_line).listen(argv, time.monotonic() + timeout, timeout)
        except BaseException:
            end_group(process.pid, lambda: process.poll() is not None)
            raise


def _started(argv: Argv, *, waits: bool) -> subprocess.Popen[bytes]:
    if shutil.which(argv[0]) is None:
        raise CommandFailed("cannot be started: no such program, or none that may be run", where=_shown(argv))
    try:
        return subprocess.Popen(
            [*(_WAITING if waits else ()), *argv],
            stdin=subprocess.PIPE if waits else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise CommandFailed(f"cannot be started ({error.strerror or error})", where=_shown(argv)) from None


def _let_go(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(b"\n")
            process.stdin.close()


def must_run(argv: Argv, timeout: float, on_start: Optional[Callable[[Child], None]] = None) -> None:
    """Run ``argv``; :class:`CommandFailed` also where it ends with another code than 0."""
    outcome = run_command(argv, timeout, on_start=on_start)
    if outcome.code:
        raise CommandFailed(f"ended with {outcome.code}: {outcome.tail or 'it said nothing'}", where=_shown(argv))


def end_group(pid: int, ended: Callable[[], bool]) -> None:
    """SIGTERM for a process group, SIGKILL where its leader has not ``ended`` ten seconds later, and for whatever is left of it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGTERM)
        deadline = time.monotonic() + _KILL_AFTER_SECONDS
        while not ended() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS / 10)
        os.killpg(pid, signal.SIGKILL)


def end_orphan(child: Child) -> bool:
    """End the group of a process that a killed run left behind; False where it is gone."""
    if not child.started or start_time(child.pid) != child.started:
        return False
    end_group(child.pid, lambda: start_time(child.pid) != child.started)
    return True


def start_time(pid: int) -> str:
    """When a living process was started, in clock ticks since boot; empty for none, and where the system does not tell."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    except (OSError, IndexError):
        return ""


class _Listener:
    """Reads both outputs of a process until it has ended."""

    def __init__(self, process: subprocess.Popen[bytes], on_line: Optional[Line]) -> None:
        self._process = process
        self._on_line = on_line
        self._rest = b""
        self._tails: Dict[int, bytes] = {}  # by file descriptor

    def listen(self, argv: Argv, deadline: float, timeout: float) -> Outcome:
        streams = [stream for stream in (self._process.stdout, self._process.stderr) if stream is not None]
        with selectors.DefaultSelector() as selector:
            for stream in streams:
                selector.register(stream, selectors.EVENT_READ)
                self._tails[stream.fileno()] = b""
            ended = 0.0
            while selector.get_map():
                busy = self._read(selector)
                if not ended and self._process.poll() is not None:
                    ended = time.monotonic()
                if ended and not busy and time.monotonic() > ended + _LINGER_SECONDS:
                    break  # something that it started keeps its output open: a daemon
                if not ended and time.monotonic() > deadline:
                    raise CommandFailed(f"did not end within {timeout:g} seconds: killed", where=_shown(argv))
        code = self._wait(argv, deadline, timeout)
        if self._rest and self._on_line is not None:
            self._on_line(self._rest.decode("utf-8", "replace"))
        return Outcome(code, self._tail(streams))

    def _wait(self, argv: Argv, deadline: float, timeout: float) -> int:
        try:
            return self._process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise CommandFailed(f"did not end within {timeout:g} seconds: killed", where=_shown(argv)) from None

    def _read(self, selector: selectors.BaseSelector) -> bool:
        """Take what is there; whether there was anything."""
        events = selector.select(_POLL_SECONDS)
        for key, _mask in events:
            chunk = os.read(key.fd, 1 << 16)
            if not chunk:
                selector.unregister(key.fileobj)
                continue
            self._tails[key.fd] = (self._tails[key.fd] + chunk)[-_TAIL_BYTES:]
            if self._on_line is not None and key.fileobj is self._process.stdout:
                self._feed(chunk, self._on_line)
        return bool(events)

    def _feed(self, chunk: bytes, on_line: Line) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            on_line(line.decode("utf-8", "replace"))
        self._rest = self._rest[:_LONGEST_LINE]

    def _tail(self, streams: List[IO[bytes]]) -> str:
        text = b"\n".join(filter(None, (self._tails[stream.fileno()].strip() for stream in streams)))
        return text.decode("utf-8", "replace")[-_TAIL_BYTES:]


def _shown(argv: Argv) -> str:
    return " ".join(argv)[:200]
