# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a host has once it is logged in to: a Python that the modules run on, and space. One command, which only reads."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from .words import Where

if TYPE_CHECKING:
    from .ssh import Answer, Login

OLDEST = (3, 9)
_MIB = 1 << 10  # in KiB
ENOUGH = 200 * _MIB
quoted = shlex.quote


def script(login: Login) -> str:
    """Prints ``python MAJOR MINOR`` and ``df FOLDER`` with the numbers of ``df -Pk``, of what there is."""
    candidates = [login.interpreter] if _is_a_path(login.interpreter) else _fallbacks()
    pythons = " ".join(map(quoted, candidates))
    folders = " ".join(map(quoted, login.folders))
    return (
        f'for p in {pythons}; do if command -v "$p" >/dev/null 2>&1; then '
        '"$p" -c \'import sys; print("python", *sys.version_info[:2])\' && break; fi; done; '
        f'for f in {folders}; do if [ -e "$f" ]; then echo "df $f $(df -Pk "$f" 2>/dev/null | tail -n 1)"; fi; done'
    )


def look(login: Login, run: Callable[[str], str], where: Where) -> Answer:
    """Ask, and say what is missing."""
    from .ssh import Answer

    text = run(script(login))
    return Answer(list(_python(text, login, where)), list(_space(text, where)))


def _python(text: str, login: Login, where: Where) -> Iterator[str]:
    found = re.search(r"^python (\d+) (\d+)$", text, re.MULTILINE)
    oldest = ".".join(map(str, OLDEST))
    if found is None:
        wanted = login.interpreter if _is_a_path(login.interpreter) else "python3"
        yield f"{where} has no {wanted}: install Python {oldest} or later, or set ansible_python_interpreter"
    elif (int(found[1]), int(found[2])) < OLDEST:
        yield f"{where} has Python {found[1]}.{found[2]}, and the modules need {oldest} or later: set ansible_python_interpreter"


def _space(text: str, where: Where) -> Iterator[str]:
    for folder, free in re.findall(r"^df (\S+) \S+ +\d+ +\d+ +(\d+) ", text, re.MULTILINE):
        if int(free) < ENOUGH:
            yield f"{where} has {int(free) // _MIB} MiB left where {folder} is"


def _is_a_path(interpreter: str) -> bool:
    return interpreter.startswith("/")


def _fallbacks() -> list[str]:
    from ansible import constants

    return [str(name) for name in constants.config.get_config_value("INTERPRETER_PYTHON_FALLBACK")]
