# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The same call from several threads at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def together(threads: int, call: Callable[[int], Any]) -> list[Any]:
    """``call(number)`` from that many threads, all let go at the same moment; their results in order."""
    gate = threading.Barrier(threads)

    def wait_and_call(number: int) -> Any:
        gate.wait(timeout=30)
        return call(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(wait_and_call, range(threads)))
