# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a host has once it is logged in to: a Python that the modules run on, and space. One command, which only reads."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .words import Where

if TYPE_CHECKING:
    from .ssh import Answer, Login

OLDEST = (3, 9)
_MIB = 1 << 10  # in KiB
ENOUGH = 200 * _MIB


def script(login: Login) -> str:
    """Prints ``found PYTHON``, ``python MAJOR MINOR`` and ``df FOLDER`` with the numbers of ``df -Pk``, of what there is."""
    candidates = [login.interpreter] if _is_a_path(login.interpreter) else _fallbacks()
    pythons = " ".join(map(shlex.quote, candidates))
    folders = " ".join(map(shlex.quote, login.folders))
    return (
        f'for p in {pythons}; do if command -v "$p" >/dev/null 2>&1; then echo "found $p"; '
        '"$p" -c \'import sys; print("python", *sys.version_info[:2])\'; break; fi; done; '
        f'for f in {folders}; do if [ -e "$f" ]; then echo "df $f $(df -Pk "$f" 2>/dev/null | tail -n 1)"; fi; done'
    )


def look(text: str, login: Login, where: Where) -> Answer:
    """What is missing, from what the script printed."""
    from .ssh import Answer

    return Answer(list(_python(text, login, where)), list(_space(text, where)))


def _python(text: str, login: Login, where: Where) -> Iterator[str]:
    """What is wrong with the first Python there, which is the one that Ansible takes."""
    version, found = re.search(r"^python (\d+) (\d+)$", text, re.MULTILINE), re.search(r"^found (.+)$", text, re.MULTILINE)
    oldest = ".".join(map(str, OLDEST))
    if version is None and found is not None:
        yield f"{where}: {found[1]} is there and does not run: set ansible_python_interpreter to one that does"
    elif version is None:
        wanted = login.interpreter if _is_a_path(login.interpreter) else "python3"
        yield f"{where} has no {wanted}: install Python {oldest} or later, or set ansible_python_interpreter"
    elif (int(version[1]), int(version[2])) < OLDEST:
        yield f"{where} has Python {version[1]}.{version[2]}, and the modules need {oldest} or later: set ansible_python_interpreter"


def _space(text: str, where: Where) -> Iterator[str]:
    for folder, free in re.findall(r"^df (\S+) \S+ +\d+ +\d+ +(\d+) ", text, re.MULTILINE):
        if int(free) < ENOUGH:
            yield f"{where} has {int(free) // _MIB} MiB left where {folder} is"


def _is_a_path(interpreter: str) -> bool:
    return interpreter.startswith("/")


def _fallbacks() -> list[str]:
    from ansible import constants

    return [str(name) for name in constants.config.get_config_value("INTERPRETER_PYTHON_FALLBACK")]
