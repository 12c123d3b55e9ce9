# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Reads case files: what is wanted of a file (YAML), the file before, and after; or what the refusal says."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import yaml


class Case(NamedTuple):
    """One case. ``wanted`` is for its reader to understand; ``refused`` in it says what the refusal is about."""

    name: str
    wanted: dict[str, Any]
    before: str
    after: str


def read_cases(path: Path) -> list[Case]:
    """All cases of one file: ``##### name``, what is wanted, ``=====``, before, ``##### =====``, after (none: nothing changes)."""
    pieces = path.read_bytes().decode().split("##### ")[1:]
    cases: list[Case] = []
    for piece in pieces:
        if piece.startswith("====="):
            cases[-1] = cases[-1]._replace(after=piece.partition("\n")[2])
        else:
            head, _line, before = piece.partition("\n=====\n")
            name, _line, wanted = head.partition("\n")
            cases.append(Case(f"{path.stem}: {name}", yaml.safe_load(wanted) or {}, before, before))
    return cases


def every_case(folder: Path) -> list[Case]:
    """The cases of all files of a folder."""
    return [case for path in sorted(folder.glob("*.txt")) for case in read_cases(path)]
