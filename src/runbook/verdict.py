# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From the end of a playbook to an exit code.

A playbook that found something says how much with ``ansible.builtin.set_stats: data: {runbook_findings: 3}`` (hosts add
up) and may then end with ``ansible.builtin.fail``, so that plain ``ansible-playbook`` and AWX fail too. Any other failure
means that the playbook could not look: 2.
"""

from __future__ import annotations

from typing import Any

from .events import Result

HEALTHY, FINDINGS, COULD_NOT_LOOK = 0, 1, 2


class Verdict:
    """Collects what decides the exit code while a playbook runs."""

    def __init__(self) -> None:
        self._findings = 0
        self._last_failure: Result | None = None

    def note(self, event: dict[str, Any], result: Result | None) -> None:
        """Take one event of ansible-runner into account."""
        if result is not None and result.is_failure:
            self._last_failure = result
        if event.get("event") == "playbook_on_stats":
            stated = str(event.get("event_data", {}).get("artifact_data", {}).get("runbook_findings", 0))
            self._findings = int(stated) if stated.isdecimal() else 0

    def exit_code(self, ansible_exit: int) -> int:
        """The exit code of the run, given the one of ansible-playbook."""
        failed_on_purpose = self._last_failure is not None and self._last_failure.action == "fail"
        if ansible_exit == 0 or (self._findings and failed_on_purpose):
            return FINDINGS if self._findings else HEALTHY
        return COULD_NOT_LOOK
