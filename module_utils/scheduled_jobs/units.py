# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""systemd's units as far as jobs by the clock need them: which services run what, and which timers start them."""

from __future__ import annotations

import re
from typing import Dict, Iterator, List, NamedTuple, Tuple

from .files import Tree

#: in the order in which systemd looks: the first folder that has a unit wins
FOLDERS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
_EXECUTES = re.compile(r"(Exec(?:Start|StartPre|StartPost))\s*=\s*[-@:+!|]*\s*(.*)")
_ON = re.compile(r"(On\w+)\s*=\s*(.+)")
_STARTS = re.compile(r"Unit\s*=\s*(\S+)")


class Setting(NamedTuple):
    """A line of a unit, continued lines as one; ``line`` counts from 1."""

    file: str
    line: int
    text: str


class Service(NamedTuple):
    """What a service executes, and the unit that starts it: its timer, or itself where it has none and is enabled."""

    name: str
    executes: List[Tuple[Setting, str]]  # the line, and the command in it
    starter: str
    schedule: str
    user: str


def services(tree: Tree) -> Iterator[Service]:
    """The services that start by themselves, those of timers above all."""
    names = {name: folder for folder in reversed(FOLDERS) for name in tree.names(folder)}
    timers = {_started_by(tree, name): name for name in sorted(names) if name.endswith(".timer")}
    enabled = set(_enabled(tree))
    for name in sorted(names):
        starter = timers.get(name) or (name if name in enabled else "")
        if name.endswith(".service") and starter:
            yield _service(tree, name, starter)


def settings(tree: Tree, name: str) -> List[Setting]:
    """The lines of a unit and of its drop-ins, without comments."""
    main = next((f"{folder}/{name}" for folder in FOLDERS if tree.text(f"{folder}/{name}") is not None), "")
    dropins: Dict[str, str] = {}
    for folder in reversed(FOLDERS):
        inside = f"{folder}/{name}.d"
        dropins.update({file: f"{inside}/{file}" for file in tree.names(inside) if file.endswith(".conf")})
    paths = [path for path in (main, *(dropins[file] for file in sorted(dropins))) if path]
    return [setting for path in paths for setting in _lines(path, tree.text(path) or "")]


def _lines(file: str, text: str) -> Iterator[Setting]:
    begun, first = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith(("#", ";")):
            continue
        first = first if begun else number
        if line.endswith("\\"):
            begun += line[:-1] + " "
            continue
        yield Setting(file, first, (begun + line).strip())
        begun = ""


def _service(tree: Tree, name: str, starter: str) -> Service:
    executes: List[Tuple[Setting, str]] = []
    user = "root"
    for setting in settings(tree, name):
        match = _EXECUTES.match(setting.text)
        if match is not None and not match.group(2):  # an empty one takes back those before it
            executes = [each for each in executes if not each[0].text.startswith(match.group(1))]
        elif match is not None:
            executes.append((setting, match.group(2)))
        elif setting.text.startswith("User="):
            user = setting.text[5:]
    when = [setting.text for setting in settings(tree, starter) if _ON.match(setting.text)] if starter != name else []
    return Service(name, executes, starter, "; ".join(when), user)


def _started_by(tree: Tree, timer: str) -> str:
    named = [match.group(1) for setting in settings(tree, timer) for match in [_STARTS.match(setting.text)] if match]
    return named[-1] if named else timer[: -len("timer")] + "service"


def _enabled(tree: Tree) -> Iterator[str]:
    for folder in FOLDERS[:2]:
        for name in tree.names(folder):
            if name.endswith((".wants", ".requires")):
                yield from tree.names(f"{folder}/{name}")
