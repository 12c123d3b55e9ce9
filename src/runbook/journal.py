# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The journal of a run: one JSON object a line, written as things happen, so that a killed run leaves all that it did.

Every line has ``time`` (UTC, ISO 8601), ``who`` (``user@controller``, ``user as root@controller`` under sudo) and ``event``:

=============  =================================================================================
run-started    ``run``, ``playbook``, ``arguments`` (those that cannot hold a secret), ``omitted``
               (the names of the others), ``folder`` (where it was started), ``target``, ``report``
               (the folder of its report), ``resumes`` (the run that it goes on with, or empty)
preflight      ``stops`` (whether the run cannot go on), ``message``
play-started   ``play``
task-started   ``task``, ``role``, ``phase``
task-ended     ``task``, ``host``, ``phase``, ``result`` (ok, changed, failed, skipped,
               unreachable), ``seconds``; ``message`` and ``code`` where it failed;
               ``plan`` (steps as a module returned them) and ``digests``, each as ``{count,
               first}``, and ``evidence`` (findings, what was proven ...), where there are any
phase-ended    ``phase``, ``host``, ``result`` (ok, changed, failed), ``seconds``, ``changed`` (tasks)
run-ended      ``status`` (of ansible-runner, or preflight), ``exit_code``, ``seconds``,
               ``findings``, ``remaining``
=============  =================================================================================

``phase`` is a path such as ``Diagnose / Scan``; only the first part in ``phase-ended``. A line has at most ``LINE`` characters: what is
longer loses ``plan``, ``evidence`` and ``digests`` but for their counts. While the run lives, its journal is locked (flock): one
that is not locked and has no ``run-ended`` was killed.
"""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from .output import complain
from .places import Refused
from .redaction import mask

LINE = 60_000
#: what other runs find this one by, so that it stays as it is
_NAMES = ("run", "playbook", "folder", "report", "resumes")
_LONG = ("plan", "evidence", "digests")


class Journal:
    """Appends to one file, readable by its owner only; ``secrets`` never reach it."""

    def __init__(self, path: Path, secrets: set[str]) -> None:
        self.path = path
        self._secrets = secrets
        self._who = who()
        self._broken = False
        self._is_cut = False
        try:
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise Refused(f"cannot write the journal {path}: {error.strerror}. Name another place with RUNBOOK_STATE") from None
        self._file = os.fdopen(number, "wb", buffering=0)
        fcntl.flock(number, fcntl.LOCK_EX)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def write(self, event: str, **fields: Any) -> None:
        """Append one line and hand it to the system at once. A full disk is said once, and stops nothing."""
        safe = {name: value if name in _NAMES else self._safe(value) for name, value in fields.items()}
        record = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "who": self._who, "event": event, **safe}
        try:
            self._append((_line(record) + "\n").encode())
        except OSError as error:
            if not self._broken:
                complain(f"cannot write the journal {self.path} any more: {error.strerror}")
            self._broken = True

    def _append(self, line: bytes) -> None:
        """Write all of a line; what a full disk cut short before is ended first, so that this one stays whole."""
        left = b"\n" + line if self._is_cut else line
        self._is_cut = True
        while left:
            left = left[self._file.write(left) or 0 :]
        self._is_cut = False

    def _safe(self, value: Any) -> Any:
        """``value`` masked before it is encoded, so that no escape can hide a secret."""
        if isinstance(value, str):
            return mask(value, self._secrets)
        if isinstance(value, list):
            return [self._safe(item) for item in value]
        if isinstance(value, dict):
            return {self._safe(name): self._safe(inner) for name, inner in value.items()}
        return value


def who() -> str:
    """Who runs this, and where."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    before = os.environ.get("SUDO_USER", "")
    return f"{f'{before} as ' if before and before != user else ''}{user}@{socket.gethostname()}"


def _line(record: dict[str, Any]) -> str:
    text = json.dumps(record)
    if len(text) <= LINE:
        return text
    cut = {name: _counts(value) if name in _LONG else _cut(value) for name, value in record.items()}
    return json.dumps(cut)


def _counts(value: Any) -> Any:
    if not isinstance(value, dict):
        return 1
    return {"count": value["count"], "first": []} if "count" in value else {name: _counts(inner) for name, inner in value.items()}


def _cut(value: Any) -> Any:
    return f"{value[: LINE // 10]}..." if isinstance(value, str) and len(value) > LINE // 10 else value
