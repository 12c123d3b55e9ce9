# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The folder of a run: its files written so that nobody ever reads half of one, readable by their owner only."""

from __future__ import annotations

import json
import os
from typing import Dict, List

from .documents import JOURNAL, POST_MORTEM, RENDERED, REPORT, documents
from .post_mortem import is_untouched
from .values import Record

_LONGEST_JOURNAL = 16 << 20  # bytes


class RecordError(Exception):
    """The record cannot be written or read; the message says where, why and what to do."""


def write(folder: str) -> List[str]:
    """Make ``index.html`` and ``post-mortem.md`` anew from the report and the journal in a folder; the names of those that changed.

    Raises :class:`RecordError` where there is no report, or none that can be read.
    """
    path = os.path.join(str(folder), REPORT)
    try:
        data = json.loads(read(path) or "null")
    except ValueError:
        raise RecordError(f"{path}: this is no JSON. Run the playbook again") from None
    if not isinstance(data, dict):
        raise RecordError(f"{path}: there is no report. Name the folder of a run, as ./runbook history shows them")
    made = documents(data, journal(str(folder)))
    wanted = {os.path.join(str(folder), name): made[name] for name in RENDERED}
    before = converge(wanted)
    return [os.path.basename(each) for each in wanted if before[each] != wanted[each]]


def journal(folder: str) -> List[Record]:
    """The lines of the journal beside a report; none where there is no journal. A line that is cut off is left out."""
    found = []
    for line in read(os.path.join(folder, JOURNAL), _LONGEST_JOURNAL).splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            found.append(entry)
    return found


def read(path: str, longest: int = -1) -> str:
    """What a file holds; nothing if there is none. Raises :class:`RecordError` where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            return file.read(longest)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise RecordError(f"{path}: this cannot be read ({error.strerror}). Look at its permissions") from None


def converge(wanted: Dict[str, str], check_mode: bool = False) -> Dict[str, str]:
    """Bring files to what is wanted, or only look; what they held before. Raises :class:`RecordError`.

    A post-mortem that a person has written in stays as it is, and counts as what is wanted: it is taken out of ``wanted``.
    """
    before = {path: read(path) for path in wanted}
    for path in [each for each in wanted if os.path.basename(each) == POST_MORTEM and not is_untouched(before[each])]:
        del wanted[path]
    for path, content in wanted.items():
        if before[path] != content and not check_mode:
            try:
                os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
                _replace(path, content)
            except OSError as error:
                where = os.path.dirname(path)
                raise RecordError(f"{where}: the report cannot be written ({error.strerror}). Name another folder") from None
    return before


def _replace(path: str, content: str) -> None:
    new = f"{path}.new"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(content)
    os.replace(new, path)
