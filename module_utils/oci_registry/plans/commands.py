# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The commands that a collection is made of, checked before any of them runs."""

from __future__ import annotations

from typing import Any, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..errors import BadInput

Argv = Tuple[str, ...]

_WORD = "garbage-collect"
_DRY = ("--dry-run", "d")  # long, short
_UNTAGGED = ("--delete-untagged", "m")


class Commands(NamedTuple):
    """``quiesce`` stops the registry or makes it read-only, ``resume`` is its reverse and drops the cache; ``abort`` ends a collection that
    outlived its command, as a container does.
    """

    dry_run: Argv = ()
    collect: Argv = ()
    quiesce: Tuple[Argv, ...] = ()
    resume: Tuple[Argv, ...] = ()
    abort: Tuple[Argv, ...] = ()
    timeout: float = 3600.0  # seconds, for each

    @property
    def delete_untagged(self) -> bool:
        """Whether the collection also deletes untagged manifests."""
        return _says(self.collect, _UNTAGGED)


def commands_from(given: Optional[Mapping[str, Any]], timeout: float) -> Commands:
    """Check and return the commands; those that were not given are empty. Raises :class:`BadInput`."""
    given = given or {}
    lists = {name: tuple(_argv(name, argv) for argv in given.get(name) or ()) for name in ("quiesce", "resume", "abort")}
    commands = Commands(_argv("dry_run", given.get("dry_run")), _argv("collect", given.get("collect")), **lists, timeout=timeout)
    if commands.dry_run and not _says(commands.dry_run, _DRY):
        raise BadInput("commands.dry_run is no dry run", advice="Give the collect command, and --dry-run")
    if _says(commands.collect, _DRY):
        raise BadInput("commands.collect is a dry run", advice="Give it without --dry-run, and that with it as commands.dry_run")
    if commands.collect and commands.dry_run and _flags(commands.dry_run, _DRY) != _flags(commands.collect, _DRY):
        advice = "What is collected must be what was asked about: the same options and configuration file"
        raise BadInput("commands.dry_run and commands.collect differ by more than --dry-run", advice=advice)
    return commands


def demand(commands: Commands, names: Sequence[str], state: str) -> None:
    """Raise :class:`BadInput` unless all of ``names`` were given."""
    missing = [name for name in names if not getattr(commands, name)]
    if missing:
        raise BadInput(f"state {state} needs commands.{', commands.'.join(missing)}")


def _argv(name: str, argv: Any) -> Argv:
    if argv is None:
        return ()
    if not isinstance(argv, (list, tuple)) or not all(isinstance(part, str) for part in argv) or not all(argv[:1]):
        raise BadInput(f"commands.{name} holds what is no list of words: {str(argv)[:80]!r}", advice="No shell is involved")
    return tuple(argv)


def _arguments(argv: Sequence[str]) -> List[str]:
    """What the registry's own program is given: what comes after ``garbage-collect``, wherever in the command that stands."""
    words = [word for part in argv for word in part.split()]
    return words[words.index(_WORD) + 1 :] if _WORD in words else words[1:]


def _says(argv: Sequence[str], option: Tuple[str, str]) -> bool:
    return any(_is(word, option) for word in _arguments(argv))


def _is(word: str, option: Tuple[str, str]) -> bool:
    """Whether the word is that option, alone, with a value, or among other short ones; ``=false`` is not."""
    name, _equals, value = word.partition("=")
    if value.lower() in ("false", "f", "0"):
        return False
    return name == option[0] or (name[:1] == "-" and name[1:2] != "-" and option[1] in name[1:])


def _flags(argv: Sequence[str], left_out: Tuple[str, str]) -> List[str]:
    """The arguments without one option, in any order; short ones each for itself."""
    found: List[str] = []
    for word in _arguments(argv):
        if word[:1] == "-" and word[1:2] != "-":
            found.extend(f"-{letter}" for letter in word[1:] if letter != left_out[1])
        elif not _is(word, left_out):
            found.append(word)
    return sorted(found)
