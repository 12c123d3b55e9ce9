# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The journal holds whole lines of JSON, readable by their owner only, and no secret."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from runbook.journal import Journal
from runbook.redaction import MASK


def test_lines_are_written_at_once_and_masked(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Journal(path, {'s"ecret'}) as journal:
        journal.write("task-ended", message='said s"ecret', seconds=0.5, arguments=["-e", 's"ecret'])
        line = json.loads(path.read_text(encoding="utf-8"))
    assert (line["event"], line["seconds"]) == ("task-ended", 0.5)
    assert (line["message"], line["arguments"]) == (f"said {MASK}", ["-e", MASK])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
