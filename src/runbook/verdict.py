# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From the end of a playbook to an exit code.

A playbook that found something says so with ``ansible.builtin.set_stats: data: {runbook_exit: 1}`` (and may then
end with ``ansible.builtin.fail``, so that plain ``ansible-playbook`` and AWX fail too). Any other failure means that the
playbook could not look: 2.
"""

from __future__ import annotations

from typing import Any

from .events import Result

HEALTHY, FINDINGS, COULD_NOT_LOOK = 0, 1, 2


class Verdict:
    """Collects what decides the exit code while a playbook runs."""

    def __init__(self) -> None:
        self._stated: int | None = None
        self._last_failure: Result | None = None

    def note(self, event: dict[str, Any], result: Result | None) -> None:
        """Take one event of ansible-runner into account."""
        if result is not None and result.is_failure:
            self._last_failure = result
        if event.get("event") == "playbook_on_stats":
            stated = event.get("event_data", {}).get("artifact_data", {}).get("runbook_exit")
            self._stated = int(stated) if str(stated) in ("0", "1", "2") else None

    def exit_code(self, ansible_exit: int) -> int:
        """The exit code of the run, given the one of ansible-playbook."""
        if ansible_exit == 0:
            return self._stated or HEALTHY
        failed_on_purpose = self._last_failure is not None and self._last_failure.action == "fail"
        if self._stated is not None and self._stated != HEALTHY and failed_on_purpose:
            return self._stated
        return COULD_NOT_LOOK
