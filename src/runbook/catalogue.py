# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``list``: every playbook, what it does, whether it changes anything, and its variables, all read from the playbook itself.

The first comment of a playbook says what it does; a comment ``# Changes: ...`` says what it changes.
"""

from __future__ import annotations

import re
import textwrap

from . import places

_CHANGES = re.compile(r"^# Changes: (.+)$", re.MULTILINE)
_INCLUDED = re.compile(r"\b(?:vars|tasks)/\w+\.yml")


def run(arguments: list[str]) -> int:
    """Print the list."""
    if arguments:
        raise places.Refused("list takes no arguments")
    for name in places.playbooks():
        text = places.playbook(name).read_text(encoding="utf-8")
        whole = "\n".join([text, *_included(text)])
        print(name)
        print(textwrap.fill(places.about_playbook(name), 110, initial_indent="  ", subsequent_indent="  "))
        print(f"  changes    {changes(text) or 'not said'}")
        print(
            textwrap.fill(
                ", ".join(variables(name, whole)) or "none", 110, initial_indent="  variables  ", subsequent_indent=" " * 13
            )
        )
        print()
    print("./runbook run NAME -i INVENTORY -e VARIABLE=VALUE, with --check for the plan only")
    return 0


def _included(text: str) -> list[str]:
    """The text of each file of variables or tasks that a playbook names."""
    return [(places.PLAYBOOKS / name).read_text(encoding="utf-8") for name in dict.fromkeys(_INCLUDED.findall(text))]


def changes(text: str) -> str:
    """What a playbook says that it changes; empty where it does not."""
    found = _CHANGES.search(text)
    return found[1] if found else ""


def variables(name: str, text: str) -> list[str]:
    """``target``, ``approve``, and those that begin with the playbook's name and may be given: what has a default, and what its first line names."""
    named = re.findall(rf"\b({re.escape(name)}_\w+|target|approve)\b(?=\s*\|\s*default|=|\s+is (?:not )?defined|\")", text)
    return sorted(dict.fromkeys(named), key=lambda variable: (variable not in ("target", "approve"), variable))
