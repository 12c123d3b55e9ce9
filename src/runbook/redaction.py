# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Keeps secrets out of what a run leaves behind.

Command-line arguments are recorded by an allow-list. What looks like a secret among the extra variables is masked
wherever its value turns up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

MASK = "********"
SECRET_NAME = re.compile(r"pass|secret|token|credential|webhook|auth|private|(?:^|_)key(?:$|_)", re.IGNORECASE)

#: Arguments of ansible-playbook that are recorded, with the value that follows where they take one.
PLAIN_FLAGS = frozenset(("--check", "-C", "--diff", "-D"))
PLAIN_OPTIONS = frozenset(("--limit", "-l", "--tags", "-t", "--skip-tags", "--inventory", "-i", "--inventory-file"))
_EXTRA_VARS = ("-e", "--extra-vars")


def recordable(arguments: list[str]) -> list[str]:
    """The arguments that may be recorded; every other one is left out, its value too."""
    kept: list[str] = []
    for before, argument in zip(["", *arguments], arguments, strict=False):
        option = argument.partition("=")[0]
        if argument in PLAIN_FLAGS or option in PLAIN_OPTIONS or before in PLAIN_OPTIONS:
            kept.append(argument)
    return kept


def extra_vars(arguments: list[str]) -> Iterator[str]:
    """The text of each ``-e``, ``-eTEXT``, ``--extra-vars TEXT`` and ``--extra-vars=TEXT``; files (``@name``) are left out."""
    for before, argument in zip(["", *arguments], arguments, strict=False):
        if before in _EXTRA_VARS:
            text = argument
        elif argument.startswith("--extra-vars="):
            text = argument.partition("=")[2]
        elif argument.startswith("-e") and argument != "-e":
            text = argument[2:]
        else:
            continue
        if not text.startswith("@"):
            yield text


def secrets_in(arguments: list[str]) -> set[str]:
    """The values of extra variables whose names look like those of secrets."""
    found: set[str] = set()
    for text in extra_vars(arguments):
        found.update(_secret_values(_parse(text)))
    return found


def mask(text: str, secrets: set[str]) -> str:
    """``text`` with every secret in it replaced, the longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _parse(text: str) -> Any:
    """Extra variables as Ansible reads them: YAML (hence JSON) in braces or brackets, else ``name=value`` pairs."""
    if text.lstrip().startswith(("{", "[")):
        import yaml  # not at the top: ./runbook help runs without the virtual environment

        try:
            return yaml.safe_load(text)
        except yaml.YAMLError:
            return {"secret": text}  # nonsense: the whole of it is taken for one
    pairs = re.findall(r"""(\w+)=("[^"]*"|'[^']*'|\S+)""", text)
    return {name: value.strip("\"'") for name, value in pairs}


def _secret_values(value: Any, secret: bool = False) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _secret_values(inner, secret or SECRET_NAME.search(str(name)) is not None)
    elif isinstance(value, list):
        for inner in value:
            yield from _secret_values(inner, secret)
    elif secret and str(value):
        yield str(value)
