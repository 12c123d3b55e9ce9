# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Whole processes, timed from outside: wall clock seconds and peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Run(NamedTuple):
    """One process: wall clock seconds, peak resident set in MiB, exit code, standard output."""

    seconds: float
    mebibytes: float
    code: int
    output: str


def run(argv: Sequence[str], *, env: dict[str, str] | None = None, keep_output: bool = True) -> Run:
    """Run ``argv`` to its end."""
    began = time.monotonic()
    with subprocess.Popen(
        argv,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE if keep_output else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        output = process.stdout.read().decode() if process.stdout else ""
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Run(time.monotonic() - began, usage.ru_maxrss / 1024, process.returncode, output)


def in_turn(rounds: int, jobs: dict[str, Callable[[], Run]]) -> dict[str, list[Run]]:
    """Run all jobs one after another, ``rounds`` times, so that the machine's moods hit all of them alike."""
    results: dict[str, list[Run]] = {name: [] for name in jobs}
    for number in range(rounds):
        for name, job in jobs.items():
            results[name].append(job())
            print(f"  round {number + 1}: {name} {results[name][-1].seconds:.2f} s", flush=True)
    return results


def median(runs: Sequence[Run]) -> float:
    """Median of the seconds."""
    return statistics.median(item.seconds for item in runs)


def peak(runs: Sequence[Run]) -> float:
    """The largest peak memory, MiB."""
    return max(item.mebibytes for item in runs)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"
