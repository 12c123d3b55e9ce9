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

from .arguments import EXTRA_VARS, extra_vars, mapping, pairs, parsed

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
_LOGIN = re.compile(r"://[^/\s]*@")
_LONG = 1000
_SHORTEST = 4  # characters of a secret that is masked wherever it turns up
_SWITCHES = ("", "true", "false", "yes", "no", "on", "off", "none", "null")


class Recordable(NamedTuple):
    """``kept`` may be recorded and given again as it is; ``omitted`` names the rest, without values."""

    kept: list[str]
    omitted: list[str]


def recordable(arguments: list[str], playbooks: Sequence[str] = ()) -> Recordable:
    """What of the arguments may be recorded; ``playbooks`` are the names whose variables are known to be plain."""
    kept: list[str] = []
    omitted: list[str] = []
    for option, value in pairs(arguments):
        if option in EXTRA_VARS and value is not None:
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


def secrets_in(arguments: list[str]) -> set[str]:
    """The values of extra variables whose names look like those of secrets; too short ones would mask half of what is said."""
    found = {secret for text in extra_vars(arguments) for secret in _secret_values(parsed(text))}
    return {secret for secret in found if len(secret) >= _SHORTEST}


def mask(text: str, secrets: set[str]) -> str:
    """``text`` with every secret in it replaced, the longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _variables(text: str, playbooks: Sequence[str]) -> tuple[str, list[str]]:
    """Extra variables split: the text of those that may be recorded, the names of the others."""
    if text.startswith("@"):
        return text, []
    given = mapping(text)
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


def _secret_values(value: Any, secret: bool = False) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _secret_values(inner, secret or SECRET_NAME.search(str(name)) is not None)
    elif isinstance(value, list):
        for inner in value:
            yield from _secret_values(inner, secret)
    elif secret and str(value).lower() not in _SWITCHES:
        yield str(value)
