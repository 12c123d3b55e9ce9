# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Lines of crontabs: environment, comments, and jobs with their schedule, user and command."""

from __future__ import annotations

import re
from typing import Iterator, NamedTuple, Optional, Tuple

SYSTEM, USER, ANACRON = "system", "user", "anacron"
_ENVIRONMENT = re.compile(r"""\s*["']?[A-Za-z_]\w*["']?\s*=""")
_TIME = r"[-\d*/,?~A-Za-z#LW]+"
_NICKNAME = re.compile(r"@[a-z_]+")
_FIELDS = re.compile(rf"{_TIME}(?:\s+{_TIME}){{4}}")
_ANACRON = re.compile(r"(?:\d+|@\w+)\s+\d+")
_WORD = re.compile(r"\S+")


class Entry(NamedTuple):
    """A job of a crontab. ``command`` is what the shell gets: ``%`` ends it, and what follows is its input."""

    line: int
    text: str
    schedule: str
    user: str
    command: str
    stdin: str


def entries(text: str, flavour: str) -> Iterator[Entry]:
    """The jobs in a crontab; ``flavour`` is SYSTEM (with a user in each line), USER or ANACRON."""
    for number, line in enumerate(text.split("\n"), 1):
        entry = parse_line(line, number, flavour)
        if entry is not None:
            yield entry


def parse_line(line: str, number: int, flavour: str) -> Optional[Entry]:
    """One line as a job; None for comments, environment, and what is none."""
    rest = line.strip()
    if not rest or rest.startswith("#") or _ENVIRONMENT.match(line):
        return None
    when = _NICKNAME.match(rest) or _FIELDS.match(rest)
    if flavour == ANACRON:
        when = _ANACRON.match(rest)
    if when is None:
        return None
    rest, user = rest[when.end() :].strip(), ""
    if flavour != USER:  # the user, or anacron's name of the job
        word = _WORD.match(rest)
        user, rest = (word.group() if word else ""), rest[word.end() :].strip() if word else ""
    command, stdin = _split_at_percent(rest)
    return (
        Entry(number, line.rstrip("\r"), when.group(), "root" if flavour == ANACRON else user, command, stdin) if rest else None
    )


def _split_at_percent(text: str) -> Tuple[str, str]:
    """An unescaped percent sign is a line end: the first ends the command, the rest is its standard input."""
    lines = re.split(r"(?<!\\)%", text)
    unescaped = [line.replace("\\%", "%") for line in lines]
    return unescaped[0], "\n".join(unescaped[1:])
