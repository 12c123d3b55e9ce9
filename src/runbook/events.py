# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Events of ansible-runner, read: which of them end a task on a host, and how."""

from __future__ import annotations

from typing import Any, NamedTuple

_ENDS = {
    "runner_on_ok": "ok",
    "runner_on_failed": "failed",
    "runner_on_unreachable": "unreachable",
    "runner_on_skipped": "skipped",
}
#: Actions of bookkeeping, which tell a person nothing unless they fail.
BOOKKEEPING = frozenset(("set_fact", "set_stats", "assert", "validate_argument_spec", "include_role", "include_tasks"))


class Result(NamedTuple):
    """One task on one host. ``kind``: ok, changed, failed (not ignored), skipped or unreachable. ``seconds`` of wall time."""

    kind: str
    task: str
    role: str
    action: str  # short: "fail" for ansible.builtin.fail
    host: str
    seconds: float
    data: dict[str, Any]  # what the module returned, after Ansible's own masking
    uuid: str = ""  # of the task, the same on every host

    @property
    def is_debug(self) -> bool:
        return self.action == "debug"

    @property
    def is_failure(self) -> bool:
        return self.kind in ("failed", "unreachable")

    @property
    def says_nothing(self) -> bool:
        return self.kind == "skipped" or (self.kind == "ok" and self.action in BOOKKEEPING)


def result_of(event: dict[str, Any]) -> Result | None:
    """The :class:`Result` in an event, or None where it ends no task."""
    kind = _ENDS.get(event.get("event", ""))
    if kind is None:
        return None
    about = event.get("event_data", {})
    data = about.get("res") or {}
    if kind == "failed" and about.get("ignore_errors"):
        kind = "ok"
    elif kind == "ok" and data.get("changed"):
        kind = "changed"
    named = {name: str(about.get(name, "")) for name in ("task", "role", "host")}
    seconds = float(about.get("duration") or 0.0)
    return Result(kind, action=action_of(about), seconds=seconds, data=data, uuid=str(about.get("task_uuid", "")), **named)


def action_of(about: dict[str, Any]) -> str:
    """The short name of a task's action: ``include_role`` for ``ansible.builtin.include_role``."""
    return str(about.get("task_action", "")).rpartition(".")[2]


def message_of(data: dict[str, Any]) -> str:
    """What a result says to people: ``msg`` as text; a list is taken as lines."""
    message = data.get("msg", "")
    return "\n".join(map(str, message)) if isinstance(message, list) else str(message)


def failure_of(data: dict[str, Any]) -> str:
    """What a failed result says: its message, and for a command what it wrote to standard error."""
    return "\n".join(filter(None, (message_of(data), str(data.get("stderr", "")).strip())))
