# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The difference that a run makes, as a unified diff without context, and without what may be a secret written out."""

from __future__ import annotations

import difflib
import re
from typing import List

_SECRET = re.compile(
    r"(?i)((?:pass|passwd|password|pwd|token|secret|key|auth|credential)[\w-]*[\"']?\s*[:=]\s*|\s-u\s+)(?!from_secret|\s|\$|[\"']?\$|[|>]\s*$)(\S.*)"
)


def difference(path: str, before: str, after: str) -> str:
    """The diff, empty where nothing differs."""
    old, new = before.splitlines(), after.splitlines()
    lines = difflib.unified_diff(old, new, f"{path} (before)", f"{path} (after)", n=0, lineterm="")
    return "".join(line + "\n" for line in map(_hidden, lines))


def _hidden(line: str) -> str:
    """A line that goes away, with values that look like secrets left out; lines that come are ours or were looked at before."""
    if not line.startswith("-") or line.startswith("---"):
        return line
    if re.search(r"from_secret", line):
        return line
    return _SECRET.sub(lambda found: f"{found[1]}…", line)


def summary(changes: List[str]) -> str:
    """One sentence for people."""
    return "; ".join(changes) if changes else "the workflow is as it should be already"
