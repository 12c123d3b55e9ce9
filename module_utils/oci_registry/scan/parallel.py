# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Runs many small tasks that read files: by one thread while the files are in memory, by several while the disk is waited for.

Cold, reading small files is all waiting, and several readers win several times over. Warm, it is all computing, where a second
thread only costs. So the first thread watches itself: where it slept for longer than it computed, it calls for helpers.
"""

from __future__ import annotations

import os
import resource
import threading
import time
from typing import Any, Callable, List, Optional, Sequence, Tuple

_END = object()
HELPERS = 8
_LOOK_EVERY_SECONDS = 0.1
_NAPS = 8  # in that time; a slow disk manages a dozen reads


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Cancelled(Exception):
    """Whoever asked for the run does not want it any more."""


class Runner:
    """``threads``: how many may work; 0 stands for finding out."""

    def __init__(self, threads: int = 0, cancelled: Optional[Callable[[], bool]] = None) -> None:
        self._threads = threads
        self._cancelled = cancelled or (lambda: False)

    def with_threads(self, threads: int) -> Runner:
        """The same, with another number of threads, unless that is fixed already."""
        return Runner(self._threads or threads, self._cancelled)

    def run(self, tasks: Sequence[Any], work: Callable[[Any], None], done: Callable[[int], None]) -> None:
        """Call ``work`` for each task, about in order; ``done`` hears, in this thread, how many are through.

        Raises what ``work`` raises first, or :class:`Cancelled`.
        """
        job = _Job(tasks, work)
        helpers: List[threading.Thread] = _start(job, self._threads - 1)
        watch = None if self._threads else _Watch()
        try:
            while job.step():
                done(job.finished)
                if self._cancelled():
                    raise Cancelled
                if watch is not None and watch.waits_for_disk():
                    helpers, watch = _start(job, HELPERS - 1), None
        finally:
            job.stop()
            for helper in helpers:
                helper.join()
        if job.errors:
            raise job.errors[0]
        done(job.finished)


def _start(job: _Job, count: int) -> List[threading.Thread]:
    helpers = [threading.Thread(target=job.work_on, daemon=True) for _number in range(count)]
    for helper in helpers:
        helper.start()
    return helpers


class _Job:
    """The tasks, taken one by one by any number of threads."""

    def __init__(self, tasks: Sequence[Any], work: Callable[[Any], None]) -> None:
        self._waiting = iter(tasks)
        self._work = work
        self._lock = threading.Lock()
        self._stopped = False
        self.finished = 0
        self.errors: List[BaseException] = []

    def step(self) -> bool:
        """Do one task; False if there is none left, or none should be begun."""
        with self._lock:
            task = _END if self._stopped else next(self._waiting, _END)
        if task is _END:
            return False
        try:
            self._work(task)
        except BaseException as error:
            self.errors.append(error)
            self.stop()
            return False
        with self._lock:
            self.finished += 1
        return True

    def work_on(self) -> None:
        """Do tasks until there are none."""
        while self.step():
            pass

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopped = True


class _Watch:
    """Tells whether this thread spends its time asleep, waiting for the disk."""

    def __init__(self) -> None:
        self._before = _usage()

    def waits_for_disk(self) -> bool:
        """Whether, since it was last asked, this thread slept for longer than it worked, and again and again of its own accord.

        On a busy machine it waits for a processor instead: then others pushed it aside, and helpers would only be in the way.
        """
        now = _usage()
        wall, cpu, slept, pushed = (after - before for after, before in zip(now, self._before))
        if wall < _LOOK_EVERY_SECONDS:
            return False
        self._before = now
        return wall > 2 * cpu and slept > max(pushed, _NAPS)


def _usage() -> Tuple[float, float, float, float]:
    """Seconds by the clock, seconds of work, times gone to sleep, times pushed aside by others: all of this thread."""
    used = resource.getrusage(resource.RUSAGE_THREAD)
    return time.monotonic(), used.ru_utime + used.ru_stime, used.ru_nvcsw, used.ru_nivcsw
