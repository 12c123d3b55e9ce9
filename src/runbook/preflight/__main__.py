# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``python -m runbook.preflight``: ``{playbook, arguments, state}`` on standard input, ``[{stops, message}]`` on standard output."""

from __future__ import annotations

import json
import os
import sys

from . import controller, plays, reach, usage


def main() -> None:
    """Look at everything; what stops the run comes first."""
    given = json.load(sys.stdin)
    wanted = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # Ansible prints
    remarks = controller.look(given["state"])
    seen = plays.look(given["playbook"], given["arguments"])
    remarks += seen.remarks
    if not any(remark.stops for remark in remarks):
        remarks += usage.look(seen)
        remarks += reach.look(seen)
    unique = dict.fromkeys(sorted(remarks, key=lambda remark: not remark.stops))
    with os.fdopen(wanted, "w", encoding="utf-8") as out:
        json.dump([remark._asdict() for remark in unique], out)


if __name__ == "__main__":
    main()
