# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""How a retired job is marked, so that a person sees who did it and when, and so that it can be brought back exactly.

- A line of a crontab becomes a comment that holds the line.
- A script of cron's folders loses its x bits; a hidden file beside it remembers them.
- A unit gets a drop-in whose condition never holds. The unit itself, which may belong to a package, stays as it is.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple, Optional

from .files import Tree

_LINE = re.compile(r"# registry-runbooks retired (\S+) by (\S+): (.*)", re.DOTALL)
_WHO = re.compile(r"# registry-runbooks retired (\S+) by (\S+)")
_DROPIN = "registry-runbooks-retired.conf"


class Mark(NamedTuple):
    """When (UTC) and by whom a job was retired, and what was there: the line, the mode of the script, or the unit."""

    since: str
    by: str
    content: str

    @property
    def mode(self) -> int:
        """The mode, where the content is one."""
        return int(self.content, 8)


def commented(line: str, since: str, by: str) -> str:
    """A line of a crontab as the comment that retires it."""
    return f"# registry-runbooks retired {since} by {by}: {line}"


def uncommented(line: str) -> Optional[Mark]:
    """The mark in a line of a crontab, if it is one."""
    match = _LINE.fullmatch(line)
    return Mark(*match.groups()) if match else None


def sidecar_path(script: str) -> str:
    """The hidden file that remembers a script's mode."""
    folder, _slash, name = script.rpartition("/")
    return f"{folder}/.{name}.registry-runbooks-retired"


def sidecar(mode: int, since: str, by: str) -> str:
    """Its content."""
    return json.dumps({"since": since, "by": by, "mode": f"{mode:04o}"}) + "\n"


def read_sidecar(tree: Tree, script: str) -> Optional[Mark]:
    """The mark of a script, if it has one that can be read."""
    try:
        record = json.loads(tree.text(sidecar_path(script)) or "{}")
        return Mark(str(record["since"]), str(record["by"]), f"{int(record['mode'], 8):o}")
    except (ValueError, KeyError, TypeError):
        return None


def is_active_script(tree: Tree, script: str) -> bool:
    """Whether cron runs it."""
    return bool(tree.mode(script) & 0o111)


def dropin_path(unit: str) -> str:
    """The drop-in that retires a unit."""
    return f"/etc/systemd/system/{unit}.d/{_DROPIN}"


def dropin(unit: str, since: str, by: str) -> str:
    """Its content."""
    return (
        f"# registry-runbooks retired {since} by {by}\n"
        "# To bring the job back, remove this file and run: systemctl daemon-reload\n"
        f"[Unit]\nConditionPathExists=!{dropin_path(unit)}\n"
    )


def read_dropin(tree: Tree, unit: str) -> Optional[Mark]:
    """The mark of a unit, if it has one."""
    match = _WHO.match(tree.text(dropin_path(unit)) or "")
    return Mark(match.group(1), match.group(2), unit) if match else None
