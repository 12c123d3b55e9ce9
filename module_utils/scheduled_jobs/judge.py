# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a command or a shell script does to a registry's store: pure, from text to evidence.

Signs, not proofs: each names the line and the reason, so that a person can decide.
"""

from __future__ import annotations

import os
import re
from typing import FrozenSet, Iterable, List, NamedTuple, Optional, Sequence

from .model import CRITICAL, WARNING
from .shell import Command, commands

MANIFESTS = "_manifests"
UNTAGGED = "collects garbage and deletes untagged manifests: children of tagged indexes are untagged, so images break"
UNGUARDED = "collects garbage without gate, snapshot and proof, maybe while the registry takes pushes"
TAG_FOLDERS = "removes tag folders: nothing keeps what the tags that stay, or other repositories, still need"

_TALKERS = frozenset(("echo", "printf", "logger", "grep", "egrep", "pgrep", "pkill", "ps", "cat", "man"))
#: programs and words of the shell that a job has around its work
_QUIET = re.compile(
    r"""(?x) cd|echo|printf|logger|true|:|false|sleep|date|test|\[|\[\[|set|export|exit|return|local|shift|trap|umask|tee|cat|wait|break
    |continue|read|tail|head|ts|grep|wc|sort|ls|basename|dirname|declare|readonly|unset|df|du|awk|sed|cut|tr|xargs|mktemp|command"""
)
_CONTAINER_TOOLS = frozenset(("docker", "podman", "docker-compose", "nerdctl", "systemctl", "service"))
_BOUNCES = frozenset(("stop", "start", "restart", "pause", "unpause", "kill", "wait", "ps", "inspect", "is-active"))
_DRY_RUN = re.compile(r"--dry-run(=true)?|-[a-z]*d[a-z]*")
_DELETE_UNTAGGED = re.compile(r"--delete-untagged(=true)?|-[a-z]*m[a-z]*")
_RECURSIVE = re.compile(r"-[A-Za-z]*[rR][A-Za-z]*|--recursive")


class Sign(NamedTuple):
    """Evidence within one text; ``line`` counts from 1."""

    line: int
    why: str
    severity: str


def sign_of(command: Command) -> Optional[Sign]:
    """What one simple command does, or None."""
    if command.name in _TALKERS:
        return None
    names = [os.path.basename(word) for word in command.words]
    if "garbage-collect" in names:
        return _collection(command, names[names.index("garbage-collect") + 1 :])
    if _removes(names) and any(MANIFESTS in word for word in command.words):
        return Sign(command.line, TAG_FOLDERS, CRITICAL)
    return None


def _collection(command: Command, flags: Sequence[str]) -> Optional[Sign]:
    if any(_DRY_RUN.fullmatch(flag) for flag in flags):
        return None
    if any(_DELETE_UNTAGGED.fullmatch(flag) for flag in flags):
        return Sign(command.line, UNTAGGED, CRITICAL)
    return Sign(command.line, UNGUARDED, WARNING)


def _removes(names: Sequence[str]) -> bool:
    if "rm" in names:
        return any(_RECURSIVE.fullmatch(word) for word in names[names.index("rm") + 1 :])
    return "find" in names and "-delete" in names


def signs_in_shell(text: str) -> List[Sign]:
    """What a shell script does. A recursive removal in a script that names ``_manifests`` elsewhere counts too."""
    every = commands(text)
    found = [sign for sign in map(sign_of, every) if sign is not None]
    named = next((number for number, line in enumerate(text.split("\n"), 1) if MANIFESTS in line.partition("#")[0]), 0)
    if named and not any(sign.why == TAG_FOLDERS for sign in found):
        removing = [command for command in every if command.name not in _TALKERS and _removes(command.words)]
        found += [Sign(each.line, f"{TAG_FOLDERS} (it names {MANIFESTS} in line {named})", CRITICAL) for each in removing]
    return found


def others(every: Iterable[Command], known: Iterable[str] = ()) -> List[str]:
    """The commands that neither harm nor belong to it: not printing, not bouncing the registry, no function of the script itself."""
    return [" ".join(command.words) for command in every if not _belongs(command, frozenset(known))]


def _belongs(command: Command, known: FrozenSet[str]) -> bool:
    if _QUIET.fullmatch(command.name) or command.name in known or sign_of(command) is not None:
        return True
    return bool(_CONTAINER_TOOLS & set(command.words) and _BOUNCES & set(command.words))
