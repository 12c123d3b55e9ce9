# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``lab up|status|down``: a machine with six registries to play with, by way of ``playbooks/lab.yml``."""

from __future__ import annotations

from . import places, play

#: what a person says: state of the playbook
_STATES = {"up": "present", "status": "described", "down": "absent"}


def run(arguments: list[str]) -> int:
    """``up``, ``status`` or ``down``, and arguments of ansible-playbook such as ``-e lab_folder=/tmp/another``."""
    if not arguments or arguments[0] not in _STATES:
        raise places.Refused(f"lab: say one of {', '.join(_STATES)}. See ./runbook help")
    return play.run(["lab", "-e", f"lab_state={_STATES[arguments[0]]}", *arguments[1:]])
