# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Files of metrics for others to read: replaced in one step, so that nobody ever reads half of one."""

from __future__ import annotations

import contextlib
import os
import tempfile

from .errors import ApplyFailed, BadInput

_MODE = 0o644


def write(path: str, text: str) -> None:
    """Replace the file at once. Raises :class:`ApplyFailed`, and leaves what was there, where that fails."""
    folder, temporary = os.path.dirname(os.path.abspath(path)), ""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".registry-doctor-", dir=folder)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), _MODE)
            os.fsync(file.fileno())
        os.rename(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise ApplyFailed(f"the metrics cannot be written ({error.strerror})", where=path) from None


def check(path: str) -> None:
    """Raise :class:`BadInput` where it is plain beforehand that the file cannot be written."""
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise BadInput("there is no such folder to write metrics to", where=folder, advice="Make it, or name another one")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BadInput("this user may not write metrics there", where=folder, advice="Give it the right, or name another folder")
    if os.path.isdir(path):
        raise BadInput("is a folder, where a file for metrics was expected", where=path)


def read(path: str) -> str:
    """What the file holds; empty where there is none, or none that can be read."""
    try:
        return read_strictly(path)
    except BadInput:
        return ""


def read_strictly(path: str) -> str:
    """What the file holds; empty where there is none. Raises :class:`BadInput` where there is one that cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise BadInput(f"the metrics cannot be read ({why})", where=path) from None
