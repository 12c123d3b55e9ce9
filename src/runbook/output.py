# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Words for people while there is somebody to read them: a pipe may be closed, a terminal lost, a disk full, and a run goes on all the same."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import TextIO


def take_everything() -> None:
    """Let both streams show what no encoding has, such as a byte of a file name that is no UTF-8, as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: str, stream: TextIO | None = None, end: str = "\n") -> None:
    """Print at once, to standard output unless told otherwise; where that fails, this and all that follows goes nowhere."""
    stream = stream or sys.stdout
    try:
        print(text, end=end, file=stream, flush=True)
    except OSError:
        silence(stream)


def complain(text: str) -> None:
    """The same to standard error, as the console's own word."""
    say(f"runbook: {text}", sys.stderr)


def silence(stream: TextIO) -> None:
    """Let a stream lead nowhere: what is left in its buffer would fail once more when Python ends, and change the exit code."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
