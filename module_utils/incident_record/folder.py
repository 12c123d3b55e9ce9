# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The folder of a run: its files written so that nobody ever reads half of one, readable by their owner only."""

from __future__ import annotations

import json
import os
from typing import Dict, List, Mapping

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
    wanted = {name: made[name] for name in RENDERED}
    before = converge(str(folder), wanted)
    return [name for name, held in before.items() if held != wanted[name]]


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
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise RecordError(f"{path}: this cannot be read ({error.strerror}). Look at its permissions") from None


def is_written_in(folder: str) -> bool:
    """Whether a person has written in the post-mortem of a folder. Raises :class:`RecordError` where it cannot be read."""
    return not is_untouched(read(os.path.join(str(folder), POST_MORTEM)))


def converge(folder: str, wanted: Mapping[str, str], check_mode: bool = False) -> Dict[str, str]:
    """Bring the files of a folder to what is wanted, or only look; name to what each held before. Raises :class:`RecordError`.

    A post-mortem that a person has written in stays as it is, and is no part of the answer.
    """
    before = {name: read(os.path.join(folder, name)) for name in wanted}
    if not is_untouched(before.get(POST_MORTEM, "")):
        del before[POST_MORTEM]
    try:
        for name in before if not check_mode else ():
            if before[name] != wanted[name]:
                os.makedirs(folder, mode=0o700, exist_ok=True)
                _replace(os.path.join(folder, name), wanted[name])
    except OSError as error:
        raise RecordError(f"{folder}: the report cannot be written ({error.strerror}). Name another folder") from None
    return before


def _replace(path: str, content: str) -> None:
    new = f"{path}.new"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(content)
    os.replace(new, path)
