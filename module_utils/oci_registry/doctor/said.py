# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the command line says: reports on standard output, everything else on standard error."""

from __future__ import annotations

import contextlib
import errno
import os
import sys

from ..render import printable


def put_out(text: str) -> bool:
    """Write to standard output; False, and why on standard error, where that cannot be done."""
    try:
        _write(text)
    except OSError as error:
        say(f"the report cannot be written ({error.strerror})")
        _forget_output()
        return False
    return True


def say(what: str) -> None:
    """One line on standard error, if there is one that still takes it."""
    with contextlib.suppress(OSError):
        print(f"registry-doctor: {printable(what)}", file=sys.stderr, flush=True)


def _write(text: str) -> None:
    if sys.stdout is None:  # so Python starts where it was closed
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def _forget_output() -> None:
    """What could not be written is not to be tried again as Python ends."""
    if sys.stdout is not None:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
