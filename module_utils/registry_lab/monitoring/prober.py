# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a scheduler is elsewhere, a program of its own: ``prober.py SECONDS FILE COMMAND...`` runs COMMAND every SECONDS, one at a time.

FILE gets a line for each run that ended: when it started and ended, and its exit code. When it is told to end, so is a run under way.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import List

_END = {signal.SIGTERM}


def run(path: str, command: List[str]) -> None:
    """Run it once, and note it."""
    started = time.time()
    signal.pthread_sigmask(signal.SIG_BLOCK, _END)  # not between its start and the moment when it can be ended
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_can_be_ended) as process:  # noqa: PLW1509 - there are no threads
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _END)
            code = process.wait()
        except SystemExit:  # told to end
            process.kill()
            raise
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps({"started": started, "ended": time.time(), "code": code}) + "\n")


def _can_be_ended() -> None:
    """In the new process: what is blocked, and who handles it, would be inherited."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _END)


def main(every: str, path: str, *command: str) -> None:
    """Run it again and again, until the process is ended."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    while True:
        due = time.monotonic() + float(every)
        run(path, list(command))
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    main(*sys.argv[1:])
