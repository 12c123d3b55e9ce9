# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The pool of the walk: everything runs once, newest first, few at a time, and one failure ends it all."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from ansible.module_utils.oci_registry.walk.pool import TaskPool


def nothing():
    pass


def test_all_that_tasks_add_is_done_before_the_source_goes_on():
    pool, done = TaskPool(1), []

    def grow(name, depth):
        done.append(name)
        if depth:
            pool.add([partial(grow, f"{name}.{number}", depth - 1) for number in (1, 2)])

    pool.run(iter([partial(grow, "a", 2), partial(grow, "b", 1)]), nothing)
    assert done == ["a", "a.2", "a.2.2", "a.2.1", "a.1", "a.1.2", "a.1.1", "b", "b.2", "b.1"]
    assert pool.ended


@pytest.mark.parametrize("workers", [1, 3, 16])
def test_nothing_is_lost_and_nothing_done_twice(workers):
    pool, done, lock = TaskPool(workers), [], threading.Lock()

    def grow(number):
        with lock:
            done.append(number)
        if number < 1000:
            pool.add([partial(grow, number * 10 + digit) for digit in range(10)])

    pool.run((partial(grow, number) for number in range(1, 4)), nothing)
    assert sorted(done) == sorted(
        number for low, high in ((1, 4), (10, 40), (100, 400), (1000, 4000)) for number in range(low, high)
    )


@pytest.mark.parametrize("workers", [1, 4])
def test_an_exception_ends_the_run_and_is_raised(workers):
    pool, done = TaskPool(workers), []

    def source():
        yield partial(done.append, 1)
        raise ValueError("the source broke")

    with pytest.raises(ValueError, match="the source broke"):
        pool.run(source(), nothing)


def test_a_stopped_pool_starts_nothing_more():
    pool, done = TaskPool(2), []
    pool.run(iter([pool.stop, partial(done.append, 1), partial(done.append, 2)]), nothing)
    assert len(done) <= 1


def test_an_interrupt_lets_what_is_under_way_end():
    pool, began, done = TaskPool(1), threading.Event(), []

    def slow():
        began.set()
        pool.stopped.wait(10)
        done.append("ended")

    def tick():
        if began.is_set():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pool.run(iter([slow, partial(done.append, "never")]), tick)
    assert done == ["ended"] and pool.ended
