# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a run did, step by step, on disk before and after each: JSON lines, one file for each run that changed anything."""

from __future__ import annotations

import json
import os
import secrets
import time
from typing import Any, Dict, List, Mapping

from .workplace import JOURNAL, Workplace, append_line

BEGIN, DONE, FAILED, END, SUPERSEDED = "begin", "done", "failed", "end", "superseded"


def new_run_id() -> str:
    """A name for a run that sorts by time: ``20261123T191500Z-3fa2c1``."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + "-" + secrets.token_hex(3)


class Journal:
    """The journal of one run. Its file is made by the first entry, so that a run that changes nothing leaves none."""

    def __init__(self, workplace: Workplace, run_id: str) -> None:
        self.run_id = run_id
        self._workplace = workplace
        self._path = ""

    def write(self, event: str, **fields: Any) -> None:
        """Add one entry and wait until it is on disk."""
        if not self._path:
            self._path = os.path.join(self._workplace.folder(JOURNAL), f"{self.run_id}.jsonl")
        entry: Dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "run": self.run_id,
            "event": event,
            **fields,
        }
        append_line(self._path, json.dumps(entry))

    def begin(self, step: Mapping[str, Any]) -> None:
        """A step is about to change something."""
        told = {key: step[key] for key in ("action", "repository", "digest", "tags", "way", "parts") if key in step}
        self.write(BEGIN, pid=os.getpid(), step=told)

    def end(self) -> None:
        """The run came to its end, well or not; nothing where it changed nothing."""
        if self._path:
            self.write(END)


def close_interrupted(workplace: Workplace, run_id: str) -> List[str]:
    """The runs that ended without a word (killed); from now on ``run_id`` stands for them. Only under the lock."""
    folder = os.path.join(workplace.base, JOURNAL)
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    found = [name[: -len(".jsonl")] for name in names if name.endswith(".jsonl") and not _has_ended(os.path.join(folder, name))]
    for name in found:
        Journal(workplace, name).write(SUPERSEDED, by=run_id)
    return found


def _has_ended(path: str) -> bool:
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - 4096))
        last = file.read().splitlines()[-1:]
    try:
        return bool(last) and json.loads(last[0])["event"] in (END, SUPERSEDED)
    except (ValueError, KeyError, TypeError):
        return False
