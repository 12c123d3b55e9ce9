# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The commands of a document: its fenced ``sh`` blocks, and how each of them is to end."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import NamedTuple

_FENCE = re.compile(r"^(?P<indent> *)```sh\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_EXITS = re.compile(r"# exits (\d+)\b")
_OF_THE_CHECKOUT = re.compile(r"\./runbook|\bansible-playbook\b|\bansible-vault\b")
_OF_THE_MONITORING = re.compile(r"http://(?:pushgateway|prometheus|alertmanager):\d+")


class Block(NamedTuple):
    """One block: the document's name, the heading it stands under, the line of its first command (from 1), and the commands."""

    document: str
    heading: str
    line: int
    text: str

    @property
    def on_controller(self) -> bool:
        """Whether it is for a checkout; else it is for the machine itself."""
        return bool(_OF_THE_CHECKOUT.search(self.text))

    @property
    def on_monitoring(self) -> bool:
        """Whether it asks the monitoring, which the machine of the lab does not have: the tests of the alerts run it."""
        return bool(_OF_THE_MONITORING.search(self.text))

    @property
    def exit_code(self) -> int:
        """What its last command ends with: 0, unless a comment in it says ``# exits N: why``."""
        said = _EXITS.findall(self.text)
        return int(said[-1]) if said else 0

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def blocks(path: Path) -> list[Block]:
    """The blocks of a document, in order; those of list items, too, without their indentation."""
    text = path.read_text(encoding="utf-8")
    return [
        Block(
            path.name,
            _heading(text[: match.start()]),
            text.count("\n", 0, match.start("text")) + 1,
            textwrap.dedent(match["text"]),
        )
        for match in _FENCE.finditer(text)
    ]


def _heading(before: str) -> str:
    """The last heading; comments of commands look like one, and are none."""
    return _HEADING.findall(_FENCE.sub("", before))[-1]


def replaced(text: str, values: dict[str, str]) -> str:
    """``text`` with each name replaced by its value; longer names win, and values are not looked at again."""
    names = sorted(values, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, names)), lambda match: values[match[0]], text)
