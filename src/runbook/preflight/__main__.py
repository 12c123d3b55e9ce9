# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``python -m runbook.preflight``: ``{playbook, arguments, state}`` on standard input, ``[{stops, message}]`` on standard output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from . import controller, plays, reach, usage
from .remarks import Found, Remark, merged, weigh


def main() -> None:
    """Look at everything; what stops the run comes first."""
    given = json.load(sys.stdin)
    wanted = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # Ansible prints
    remarks: list[Remark] = []
    with _kept(remarks):
        remarks += controller.look(given["state"])
    with _kept(remarks):
        seen = plays.look(given["playbook"], given["arguments"])
        remarks += seen.remarks
        if not any(remark.stops for remark in remarks):
            _look_at_hosts(seen, remarks)
    unique = dict.fromkeys(sorted(remarks, key=lambda remark: not remark.stops))
    with os.fdopen(wanted, "w", encoding="utf-8") as out:
        json.dump([remark._asdict() for remark in unique], out)


def _look_at_hosts(seen: plays.Seen, remarks: list[Remark]) -> None:
    """Weigh together what the parts find of the hosts: one may be lost for want of a password, and another not be reached."""
    found: list[Found] = []
    for part in (usage.look, reach.look):
        with _kept(remarks):
            found.append(part(seen))
    remarks += weigh([play.hosts for play in seen.plays], dict(merged(found)))
    remarks += [remark for part in found for remark in part.remarks]


@contextmanager
def _kept(remarks: list[Remark]) -> Iterator[None]:
    """Let a part that fails say so, and take nothing along of what the others found."""
    try:
        yield
    except Exception as error:
        remarks.append(Remark(False, f"a part of the preflight failed: {type(error).__name__}: {error}"))


if __name__ == "__main__":
    main()
