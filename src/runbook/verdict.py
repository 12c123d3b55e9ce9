# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From the end of a playbook to an exit code.

A playbook that found something says how much with ``ansible.builtin.set_stats: data: {runbook_findings: 3}`` (hosts add
up) and may then end with ``ansible.builtin.fail``, so that plain ``ansible-playbook`` and AWX fail too. What is left only because it
needs an approval or a decision is ``runbook_remaining``: without other findings that is 3. Any other failure
means that the playbook could not look or act: 2.

A playbook that is to end with a report and does not (``--limit`` or ``--tags`` left it out) has shown nothing, whatever Ansible says: 2.
"""

from __future__ import annotations

from typing import Any

from .events import Result

HEALTHY, FINDINGS, COULD_NOT_LOOK, REMAINING, INTERRUPTED = 0, 1, 2, 3, 130

#: for people
WORDS = {
    HEALTHY: "healthy or done",
    FINDINGS: "findings, or a proof failed",
    COULD_NOT_LOOK: "could not look or act",
    REMAINING: "what remains needs an approval or a decision",
    INTERRUPTED: "interrupted",
}

_REPORT = "registry_report"  # the module that writes what a run came to


class Verdict:
    """Collects what decides the exit code while a playbook runs. ``reports``: whether that playbook is to end with a report."""

    def __init__(self, reports: bool) -> None:
        self.findings = 0
        self.remaining = 0
        self.unreported = False
        self._owes_report = reports
        self._last_failure: Result | None = None

    def note(self, event: dict[str, Any], result: Result | None) -> None:
        """Take one event of ansible-runner into account."""
        if result is not None and result.is_failure:
            self._last_failure = result
        elif result is not None and result.action == _REPORT and result.kind != "skipped":
            self._owes_report = False
        if event.get("event") == "playbook_on_stats":
            stated = event.get("event_data", {}).get("artifact_data", {})
            self.unreported = self._owes_report  # --list-tasks and its like run nothing, and never come to this event
            self.findings, self.remaining = (_number(stated.get(f"runbook_{name}", 0)) for name in ("findings", "remaining"))

    @property
    def has_failed(self) -> bool:
        """Whether a task failed, which is then why there is no report."""
        return self._last_failure is not None

    def exit_code(self, ansible_exit: int) -> int:
        """The exit code of the run, given the one of ansible-playbook."""
        failed_on_purpose = self._last_failure is not None and self._last_failure.action == "fail"
        if self.unreported or (ansible_exit and not (failed_on_purpose and (self.findings or self.remaining))):
            return COULD_NOT_LOOK
        return FINDINGS if self.findings else REMAINING if self.remaining else HEALTHY


def _number(value: object) -> int:
    text = str(value)
    return int(text) if text.isdecimal() else 0
