# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Several processes, each scanning a share of the repositories: the interpreter lets only one thread of a process compute.

The processes are forked, so they need nothing that this one does not have, and talk back in lines of JSON over one pipe each.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import threading
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from ..errors import RegistryError, StoreUnreadable
from .parallel import Cancelled, cores

Message = Dict[str, Any]
Send = Callable[[Message], None]
MAX_WORKERS = 8
_POLL_SECONDS = 0.2


def how_many(repositories: int) -> int:
    """How many processes are worth their start: one for each core, but none without something to do.

    1 where forking is not safe: beside other threads, which would not live on in the fork while their locks would.
    """
    if threading.active_count() > 1 or not hasattr(os, "fork"):
        return 1
    return max(1, min(cores(), repositories // 2, MAX_WORKERS))


class Workers:
    """Runs ``work(share, send)`` in one process for each share, and yields what they send."""

    def __init__(self, shares: Sequence[Sequence[str]], work: Callable[[Sequence[str], Send], None]) -> None:
        self._pids: Dict[int, int] = {}  # pipe: process
        for share in shares:
            self._start(share, work)

    def messages(self, cancelled: Optional[Callable[[], bool]]) -> Iterator[Tuple[int, Message]]:
        """All messages of all workers, each with its worker, until the last has ended. Raises :class:`Cancelled`, or :class:`StoreUnreadable`.

        However it ends, no worker is left behind.
        """
        try:
            with selectors.DefaultSelector() as selector:
                for pipe in self._pids:
                    selector.register(pipe, selectors.EVENT_READ, bytearray())
                while selector.get_map():
                    if cancelled is not None and cancelled():
                        raise Cancelled
                    for key, _events in selector.select(_POLL_SECONDS):
                        for message in self._receive(selector, key):
                            yield key.fd, message
        finally:
            self._end_all()

    def _start(self, share: Sequence[str], work: Callable[[Sequence[str], Send], None]) -> None:
        ours, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            _live(theirs, share, work)
        os.close(theirs)
        self._pids[ours] = pid

    def _receive(self, selector: selectors.BaseSelector, key: selectors.SelectorKey) -> List[Message]:
        """The messages that have come in over one pipe."""
        chunk = os.read(key.fd, 1 << 16)
        if not chunk:
            selector.unregister(key.fd)
            self._reap(key.fd)
            return []
        key.data.extend(chunk)
        *lines, rest = key.data.split(b"\n")
        key.data[:] = rest
        return [_checked(json.loads(line)) for line in lines]

    def _reap(self, pipe: int) -> None:
        os.close(pipe)
        _pid, status = os.waitpid(self._pids.pop(pipe), 0)
        if status:
            advice = "Out of memory? Scan with threads=1 to use one process"
            raise StoreUnreadable(f"a process of the scan died (wait status {status})", advice=advice)

    def _end_all(self) -> None:
        for pipe, pid in self._pids.items():
            os.close(pipe)
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        self._pids.clear()


def _live(pipe: int, share: Sequence[str], work: Callable[[Sequence[str], Send], None]) -> None:
    """The whole life of a worker; never returns."""
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it, and ends this one
        with os.fdopen(pipe, "wb") as stream:

            def send(message: Message) -> None:
                stream.write(json.dumps(message).encode() + b"\n")
                stream.flush()

            try:
                work(share, send)
            except Exception as error:  # raised again where somebody can see it
                send({"error": str(error) if isinstance(error, RegistryError) else repr(error)})
        status = 0
    finally:
        os._exit(status)


def _checked(message: Message) -> Message:
    if "error" in message:
        raise StoreUnreadable(message["error"])
    return message


class JointProgress:
    """Adds up what the workers tell of each phase."""

    def __init__(self, progress: Callable[[str, int, int], None]) -> None:
        self._progress = progress
        self._phases: Dict[str, Dict[int, Tuple[int, int]]] = {}

    def __call__(self, worker: int, phase: str, done: int, total: int) -> None:
        workers = self._phases.setdefault(phase, {})
        workers[worker] = (done, total)
        self._progress(phase, sum(counts[0] for counts in workers.values()), sum(counts[1] for counts in workers.values()))
