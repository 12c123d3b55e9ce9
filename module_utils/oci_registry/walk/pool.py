# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A small pool of threads over a stack of tasks.

Newest first: what a task adds is done before anything older, so that few repositories are open at a time and memory stays bounded.
When the stack is empty, the next item of ``source`` (which may itself be slow to produce) is started.
"""

from __future__ import annotations

import threading
import time
from typing import Callable, Iterator, List, Sequence

Task = Callable[[], None]
_LAST_ANSWERS = 2.0  # seconds that requests under way are given when a run is interrupted


class TaskPool:
    """Runs tasks until there are none left, or until :meth:`stop`."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._stack: List[Task] = []
        self._source: Iterator[Task] = iter(())
        self._busy = 0
        self._reading_source = False
        self._source_done = False
        self._changed = threading.Condition()
        self._crashes: List[BaseException] = []
        self.stopped = threading.Event()
        self.ended = False  # whether every task that was started has ended

    def add(self, tasks: Sequence[Task]) -> None:
        """Put tasks on the stack; they run in the reverse of their order."""
        if not tasks:
            return
        with self._changed:
            self._stack.extend(tasks)
            self._changed.notify(len(tasks))

    def stop(self) -> None:
        """Start nothing more; tasks under way are left to end."""
        self.stopped.set()
        with self._changed:
            self._changed.notify_all()

    def run(self, source: Iterator[Task], tick: Task) -> None:
        """Run all tasks of ``source`` and all that they add, calling ``tick`` a few times a second. May be called again.

        An exception that a task or the source lets out stops the pool and is raised here.
        """
        self._source, self._source_done, self.ended = source, False, False
        threads = [threading.Thread(target=self._work, name=f"walk-{number}", daemon=True) for number in range(self._workers)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                while thread.is_alive():  # join in slices, so that Ctrl-C is heard at once
                    thread.join(0.2)
                    tick()
        except BaseException:
            self.stop()
            self._wait_a_little(threads)
            raise
        self.ended = True
        if self._crashes:
            raise self._crashes[0]

    def _wait_a_little(self, threads: List[threading.Thread]) -> None:
        deadline = time.monotonic() + _LAST_ANSWERS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self.ended = not any(thread.is_alive() for thread in threads)

    def _work(self) -> None:
        try:
            while True:
                task = self._next()
                if task is None:
                    return
                task()
                with self._changed:
                    self._busy -= 1
                    if not self._busy:
                        self._changed.notify_all()
        except BaseException as error:  # re-raised in run()
            self._crashes.append(error)
            self.stop()

    def _next(self) -> Task | None:
        """The next task, counted as busy; None when all is done."""
        with self._changed:
            while not self.stopped.is_set():
                if self._stack:
                    self._busy += 1
                    return self._stack.pop()
                if not self._source_done and not self._reading_source:
                    return self._from_source()
                if self._source_done and not self._busy:
                    self._changed.notify_all()
                    return None
                self._changed.wait()
            return None

    def _from_source(self) -> Task | None:
        """Called with the lock held; reads the source with the lock released."""
        self._reading_source = True
        self._busy += 1
        self._changed.release()
        try:
            task = next(self._source, None)
        finally:
            self._changed.acquire()
            self._reading_source = False
            self._changed.notify_all()
        if task is None:
            self._source_done = True
            return _nothing
        return task


def _nothing() -> None:
    """The task that stands for an exhausted source."""
