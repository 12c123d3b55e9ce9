# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the arguments of ansible-playbook say, read as it reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

EXTRA_VARS = ("-e", "--extra-vars")
_TAKE_A_VALUE = frozenset(
    (
        *(*EXTRA_VARS, "--limit", "-l", "--tags", "-t", "--skip-tags", "--inventory", "-i", "--inventory-file", "--forks", "-f"),
        *("--user", "-u", "--connection", "-c", "--timeout", "-T", "--private-key", "--key-file"),
        *("--become-user", "--become-method"),
        *("--vault-id", "--vault-password-file", "--vault-pass-file", "--become-password-file", "--become-pass-file"),
        *("--connection-password-file", "--conn-pass-file", "--start-at-task", "--task-timeout", "--module-path", "-M"),
        *("--ssh-common-args", "--ssh-extra-args", "--scp-extra-args", "--sftp-extra-args"),
    )
)
#: the short ones that take none; several may stand in one argument, before one that takes a value
_CLUSTER = re.compile(r"-([bCDvhkKJ]+)([ileftMucT].*)?", re.DOTALL)
#: those that are looked for by name; Ansible takes every beginning of them, too
_ABBREVIATED = ("--extra-vars", "--vault-id")


def pairs(arguments: list[str]) -> Iterator[tuple[str, str | None]]:
    """Options with their values, however they are written: ``-i X``, ``-iX``, ``--inventory X``, ``--inventory=X``, ``-bi X``, ``-i=X``.

    ``-vvv`` stays one; what is no option is a pair without a value.
    """
    rest = iter(arguments)
    for whole in rest:
        *flags, argument = _parts(whole)
        yield from ((flag, None) for flag in flags)
        if argument.startswith("--"):
            name, equals, value = argument.partition("=")
            name = next((full for full in _ABBREVIATED if len(name) > 2 and full.startswith(name)), name)
        elif argument.startswith("-") and not argument.startswith("-v"):
            name, equals = argument[:2], argument[2:]
            value = equals.removeprefix("=")
        else:
            name, equals, value = argument, "", ""
        if equals:
            yield name, value
        else:
            yield name, next(rest, None) if name in _TAKE_A_VALUE else None


def _parts(argument: str) -> list[str]:
    """Short options that stand in one argument, apart."""
    found = _CLUSTER.fullmatch(argument)
    if found is None:
        return [argument]
    return [f"-{part}" for part in (*re.findall("v+|.", found[1]), found[2]) if part]


def value_of(arguments: list[str], *options: str) -> list[str]:
    """The values of options, in order."""
    return [value for option, value in pairs(arguments) if option in options and value is not None]


def extra_vars(arguments: list[str]) -> list[str]:
    """The text of each ``-e``; files (``@name``) are left out."""
    return [text for text in value_of(arguments, *EXTRA_VARS) if not text.startswith("@")]


def variables(arguments: list[str]) -> dict[str, Any]:
    """The extra variables that stand among the arguments, the last one of a name; those of files are not looked at."""
    return {str(name): value for text in extra_vars(arguments) for name, value in mapping(text).items()}


def mapping(text: str) -> dict[str, Any]:
    """The variables in one text; none where it holds something else."""
    found = parsed(text)
    return found if isinstance(found, dict) else {}


def parsed(text: str) -> Any:
    """Extra variables as Ansible reads them: YAML (hence JSON) in braces or brackets, else ``name=value`` pairs."""
    if text.lstrip().startswith(("{", "[")):
        with suppress(ValueError):
            return json.loads(text)  # as all that is recorded: ./runbook show runs without the virtual environment
        import yaml

        try:
            return yaml.safe_load(text)
        except yaml.YAMLError:
            return {"secret": text}  # nonsense: the whole of it is taken for one
    found = re.findall(r"""(\w+)=("[^"]*"|'[^']*'|\S+)""", text)
    return {name: value.strip("\"'") for name, value in found}
