# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Keeps secrets out of what a run leaves behind.

Command-line arguments are recorded by an allow-list: options that take no secret, paths of files (never what is in them), and of the
extra variables ``target``, ``approve`` and those that begin with the name of a playbook. What looks like a secret among the extra variables
is masked wherever its value turns up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

MASK = "********"
SECRET_NAME = re.compile(r"pass|secret|token|credential|webhook|auth|private|(?:^|_)key(?:$|_)", re.IGNORECASE)

#: Arguments of ansible-playbook that are recorded, with the value that follows where they take one.
PLAIN_FLAGS = frozenset(("--check", "-C", "--diff", "-D", "--become", "-b", "-v", "-vv", "-vvv", "-vvvv", "--verbose"))
PLAIN_OPTIONS = frozenset(
    (
        *("--limit", "-l", "--tags", "-t", "--skip-tags", "--inventory", "-i", "--inventory-file", "--forks", "-f", "--vault-id"),
        *("--user", "-u", "--connection", "-c", "--timeout", "-T", "--become-user", "--private-key", "--key-file"),
        *("--vault-password-file", "--vault-pass-file", "--become-password-file", "--become-pass-file"),
        *("--connection-password-file", "--conn-pass-file"),
    )
)
_EXTRA_VARS = ("-e", "--extra-vars")
_LOGIN = re.compile(r"://[^/\s]*@")
_LONG = 1000


class Recordable(NamedTuple):
    """``kept`` may be recorded and given again as it is; ``omitted`` names the rest, without values."""

    kept: list[str]
    omitted: list[str]


def recordable(arguments: list[str], playbooks: Sequence[str] = ()) -> Recordable:
    """What of the arguments may be recorded; ``playbooks`` are the names whose variables are known to be plain."""
    kept: list[str] = []
    omitted: list[str] = []
    for option, value in _pairs(arguments):
        if option in _EXTRA_VARS and value is not None:
            plain, others = _variables(value, playbooks)
            kept += ["-e", plain] if plain else []
            omitted += [f"-e {name}" if name else "-e" for name in others]
        elif option in PLAIN_FLAGS and value is None:
            kept.append(option)
        elif option in PLAIN_OPTIONS and value is not None:
            kept += [option, value]
        elif option.startswith("-"):
            omitted.append(option)
        elif not (omitted and omitted[-1].startswith("--")):  # else it is that one's value
            omitted.append("an argument")
    return Recordable(kept, omitted)


def variables(arguments: list[str]) -> dict[str, Any]:
    """The extra variables that stand among the arguments, the last one of a name; those of files are not looked at."""
    return {str(name): value for text in extra_vars(arguments) for name, value in _mapping(_parse(text)).items()}


def value_of(arguments: list[str], *options: str) -> list[str]:
    """The values of options, in order."""
    return [value for option, value in _pairs(arguments) if option in options and value is not None]


def _pairs(arguments: list[str]) -> Iterator[tuple[str, str | None]]:
    """Options with their values, however they are written: ``-i X``, ``-iX``, ``--inventory X``, ``--inventory=X``."""
    rest = iter(arguments)
    for argument in rest:
        takes = (*PLAIN_OPTIONS, *_EXTRA_VARS)
        name, equals, value = argument.partition("=")
        if argument in takes:
            yield argument, next(rest, None)
        elif argument.startswith("--"):
            yield name, value if equals else None
        elif argument[:2] in takes:
            yield argument[:2], argument[2:]
        else:
            yield argument, None


def _variables(text: str, playbooks: Sequence[str]) -> tuple[str, list[str]]:
    """Extra variables split: the text of those that may be recorded, the names of the others."""
    if text.startswith("@"):
        return text, []
    given = _mapping(_parse(text))
    plain = {name: value for name, value in given.items() if _is_plain(str(name), value, playbooks)}
    return json.dumps(plain) if plain else "", [str(name) for name in given if name not in plain] or ([] if given else [""])


def _is_plain(name: str, value: Any, playbooks: Sequence[str]) -> bool:
    known = name in ("target", "approve") or any(name.startswith(f"{playbook}_") for playbook in playbooks)
    return known and not any(_secret_values({name: value})) and _is_harmless(value)


def _is_harmless(value: Any) -> bool:
    try:
        text = json.dumps(value)
    except (TypeError, ValueError):
        return False
    return len(text) <= _LONG and _LOGIN.search(text) is None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


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
