# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Shell text to its simple commands. Good enough to read what people write into crontabs; runs nothing and expands nothing."""

from __future__ import annotations

import os
import re
import shlex
from typing import Iterator, List, NamedTuple, Optional, Sequence, Tuple

_SHELLS = frozenset(("sh", "bash", "dash", "ksh", "zsh", "ash", "su"))
_KEYWORDS = frozenset(
    ("then", "do", "else", "elif", "if", "while", "until", "!", "{", "}", "time", "done", "fi", "esac", "function")
)
_OPERATOR = re.compile(r"[();<>|&]+")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_INLINE = re.compile(r"-[a-z]*c")  # sh -c, bash -lc, su -c


class Command(NamedTuple):
    """One simple command: its words without assignments before it and redirections. ``line`` counts from 1."""

    line: int
    words: Tuple[str, ...]

    @property
    def name(self) -> str:
        """The program, without its folder."""
        return os.path.basename(self.words[0])


def commands(text: str, first_line: int = 1) -> List[Command]:
    """Every simple command, those given to ``sh -c`` and ``ssh`` included, in order."""
    found: List[Command] = []
    for number, line in _logical_lines(text, first_line):
        for words in _split(_words(line)):
            found += _unfold(number, _bare(words))
    return found


def _logical_lines(text: str, first_line: int) -> Iterator[Tuple[int, str]]:
    """Lines, those continued by a backslash as one, under the number of their first."""
    begun, number = "", first_line
    for place, line in enumerate(text.split("\n"), first_line):
        if line.endswith("\\"):
            begun += line[:-1] + " "
            continue
        yield number, begun + line
        begun, number = "", place + 1
    if begun:
        yield number, begun


def _words(line: str) -> List[str]:
    """Words and operators up to a comment; split at blanks where the quoting goes on in another line."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.commenters, lexer.whitespace_split = "", True
    try:
        words = list(lexer)
    except ValueError:
        words = line.split()
    comment = next((place for place, word in enumerate(words) if word.startswith("#")), len(words))
    return [word.strip("`") for word in words[:comment]]


def _split(words: Sequence[str]) -> Iterator[List[str]]:
    """Simple commands: words between operators, without what a redirection names."""
    command: List[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif not _OPERATOR.fullmatch(word):
            command.append(word)
        elif ">" in word or "<" in word:
            skip = True
            if command and command[-1] in ("1", "2"):
                command.pop()
        else:
            yield command
            command = []
    yield command


def _bare(words: Sequence[str]) -> List[str]:
    """Without the assignments and keywords before the program; nothing for the head of a loop."""
    rest = list(words)
    while rest and (rest[0] in _KEYWORDS or _ASSIGNMENT.match(rest[0])):
        rest.pop(0)
    return [] if rest and rest[0] in ("for", "case", "in", "$") else rest


def _unfold(line: int, words: List[str]) -> List[Command]:
    """The commands in the text that a shell is given, or the command itself."""
    inner = _script_word(words)
    if inner is not None:
        return [command._replace(line=line) for command in commands(inner)]
    return [Command(line, tuple(words))] if words else []


def _script_word(words: Sequence[str]) -> Optional[str]:
    names = [os.path.basename(word) for word in words]
    if names and names[0] == "ssh" and len(words) > 2:
        return " ".join(words[2:]) if not words[1].startswith("-") else words[-1]
    for place, word in enumerate(words[:-1]):
        if _INLINE.fullmatch(word) and _SHELLS & set(names[:place]):
            return words[place + 1]
    return None
