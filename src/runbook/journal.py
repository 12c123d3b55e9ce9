# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The journal of a run: one JSON object a line, written as things happen, so that a killed run leaves all that it did.

Every line has ``time`` (UTC, ISO 8601) and ``event``:

=============  =================================================================================
run-started    ``run``, ``playbook``, ``arguments`` (those that cannot hold a secret)
play-started   ``play``
task-started   ``task``, ``role``
task-ended     ``task``, ``host``, ``result`` (ok, changed, failed, skipped, unreachable),
               ``seconds``; ``message`` and ``code`` where it failed
run-ended      ``status`` (of ansible-runner), ``exit_code``, ``seconds``
=============  =================================================================================
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from .redaction import mask


class Journal:
    """Appends to one file, readable by its owner only; ``secrets`` never reach it."""

    def __init__(self, path: Path, secrets: set[str]) -> None:
        self.path = path
        self._secrets = secrets
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8")

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def write(self, event: str, **fields: Any) -> None:
        """Append one line and hand it to the system at once."""
        safe = {name: self._safe(value) for name, value in fields.items()}
        record = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **safe}
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()

    def _safe(self, value: Any) -> Any:
        """``value`` masked before it is encoded, so that no escape can hide a secret."""
        if isinstance(value, str):
            return mask(value, self._secrets)
        if isinstance(value, list):
            return [self._safe(item) for item in value]
        return value
