# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The look ahead, before ansible-playbook starts: inventory, credentials, the way to each host, versions, disk space. It changes nothing.

It runs in a process of its own, since Ansible's inventory is read by Ansible itself. What makes the run certain to fail (no host of a
play would be left) stops it; the rest is a warning. Without it everything works as well: it only says beforehand, in words, what
ansible-playbook would say later.
"""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from .. import places
from ..journal import Journal
from ..output import complain

_SECONDS = 90.0
_ONCE = ("-", "/dev/stdin")


def passes(playbook: Path, arguments: list[str], journal: Journal) -> bool:
    """Look ahead, tell what was seen, record it; whether the run may start."""
    remarks = look(playbook, arguments)
    for remark in remarks:
        journal.write("preflight", **remark)
        complain(f"{'' if remark['stops'] else 'warning: '}{remark['message']}")
    return not any(remark["stops"] for remark in remarks)


def look(playbook: Path, arguments: list[str]) -> list[dict[str, Any]]:
    """What there is to say, each as ``{stops, message}``."""
    once = [argument for argument in arguments if _is_read_once(argument)]
    if once:
        return [_warning(f"no preflight: {once[0]} can be read only once")]
    given = {"playbook": str(playbook), "arguments": arguments, "state": str(places.state())}
    try:
        out, said = _ask(json.dumps(given))
        found = json.loads(out)
    except subprocess.TimeoutExpired:
        return [_warning(f"the preflight did not end within {_SECONDS:.0f} s, and was stopped")]
    except ValueError:
        return [_warning(f"the preflight failed, and said: {(said.strip().splitlines() or ['nothing'])[-1]}")]
    return [dict(remark) for remark in found]


def _ask(given: str) -> tuple[str, str]:
    """Run the process; whatever ends the wait for it ends it too, with all that it started (an inventory may be a program)."""
    command = [sys.executable, "-P", "-m", "runbook.preflight"]  # -P: nothing is imported from the caller's folder
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, errors="replace", start_new_session=True
    ) as process:
        try:
            return process.communicate(given, timeout=_SECONDS)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise


def _warning(message: str) -> dict[str, Any]:
    return {"stops": False, "message": message}


def _is_read_once(argument: str) -> bool:
    """Whether an argument names a pipe or standard input, such as ``--vault-password-file <(pass vault)``."""
    name = argument.partition("=")[2] if argument.startswith("--") and "=" in argument else argument.removeprefix("-e")
    name = name.rpartition("@")[2]
    if name in _ONCE:
        return True
    try:
        mode = Path(name or ".").stat().st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
