# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The difference that a run makes, as a unified diff without context, and without what may be a secret written out."""

from __future__ import annotations

import difflib
import re
from typing import List, Sequence, Tuple

_RULES = (
    (re.compile(r"(?i)((?:https?|ssh|git)://)[^/\s\"'@]+@"), r"\1…@"),
    (re.compile(r"(?i)(https?://[^/\s\"']+/)(?=[^\s\"']*(?:hook|services/|token))[^\s\"']+"), r"\1…"),
    (re.compile(r"(\s(?:-p|--password)(?:\s+|=)?)(?![\s$\"'-]|\"?\$)\S+"), r"\1…"),
    (re.compile(r"(\s(?:-u|--user)(?:\s+|=)?[\"']?)(?!\$)[^\s:\"']+:(?!\$)[^\s\"']+"), r"\1…"),
    (re.compile(r"(\b(?:echo|printf)\s+)[^|$]+(\|.*--password-stdin)"), r"\1… \2"),
    (
        re.compile(
            r"(?i)((?:pass|passwd|password|pwd|token|secret|key|auth|credential)[\w-]*[\"']?\s*[:=]\s*|\s-u\s+)"
            r"(?!from_secret|\s|…|\$|[\"']?\$|[|>]\s*$)(\S.*)"
        ),
        r"\1…",
    ),
)
_HUNK = re.compile(r"@@ -(\d+)")
_HEADER = re.compile(r"[|>][-+0-9]*\s*(?:#.*)?\Z")


def difference(path: str, before: str, after: str, hidden: Sequence[Tuple[int, int]] = ()) -> str:
    """The diff, empty where nothing differs. Of what goes away, the places ``hidden`` are left out."""
    old, new, shown = before.splitlines(), after.splitlines(), _masked(before, hidden).splitlines()
    found: List[str] = []
    number = 0
    for line in difflib.unified_diff(old, new, f"{path} (before)", f"{path} (after)", n=0, lineterm=""):
        hunk = _HUNK.match(line)
        if hunk:
            number = int(hunk[1]) - 1
        elif line.startswith("-") and found[1:]:
            found.append(_hidden("-" + shown[number]))
            number += 1
            continue
        found.append(_hidden(line) if found[1:] else line)
    return "".join(line + "\n" for line in found)


def _masked(text: str, hidden: Sequence[Tuple[int, int]]) -> str:
    """The text without what stands in some places, line by line."""
    pieces, position = [], 0
    for start, end in sorted(set(hidden)):
        if start >= position:
            pieces.append(text[position:start])
            pieces += map(_without_value, text[start:end].splitlines(keepends=True))
            position = min(end, len(text))
    return "".join(pieces) + text[position:]


def _without_value(line: str) -> str:
    value = line.strip()
    return line if not value or _HEADER.match(value) else line.replace(value, "…", 1)


def _hidden(line: str) -> str:
    """A line without what looks like a secret that is written out."""
    if "from_secret" in line:
        return line
    for pattern, instead in _RULES:
        line = pattern.sub(instead, line)
    return line


def summary(changes: List[str]) -> str:
    """One sentence for people."""
    return "; ".join(changes) if changes else "the workflow is as it should be already"
