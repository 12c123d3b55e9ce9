# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Exit codes: 0 healthy or done, 1 findings, 2 could not look or act, 3 the rest needs an approval, from what a playbook did and said."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.events import result_of
from runbook.verdict import Verdict


def failed(action: str, **about: Any) -> dict[str, Any]:
    data = {"task": "t", "host": "h", "task_action": action, "res": {"msg": "m"}, **about}
    return {"event": "runner_on_failed", "event_data": data}


def stated(value: object, **more: object) -> dict[str, Any]:
    return {"event": "playbook_on_stats", "event_data": {"artifact_data": {"runbook_findings": value, **more}}}


END = {"event": "playbook_on_stats", "event_data": {"artifact_data": {}}}
FAIL = failed("ansible.builtin.fail")
MODULE = failed("registry_integrity_info")


@pytest.mark.parametrize(
    ("events", "ansible_exit", "expected"),
    [
        ([END], 0, 0),
        ([stated(3)], 0, 1),
        ([FAIL, stated(1)], 2, 1),
        ([FAIL, stated("1")], 2, 1),
        ([FAIL, END], 2, 2),
        ([MODULE, END], 2, 2),
        ([FAIL, MODULE, stated(1)], 2, 2),
        ([FAIL, stated(0)], 2, 2),
        ([FAIL, stated("-1")], 2, 2),
        ([failed("registry_repair", ignore_errors=True), FAIL, stated(1)], 2, 1),
        ([], 4, 2),
        ([stated(0, runbook_remaining=3)], 0, 3),
        ([FAIL, stated(0, runbook_remaining="3")], 2, 3),
        ([FAIL, stated(1, runbook_remaining=3)], 2, 1),
        ([stated(1, runbook_remaining=3)], 0, 1),
        ([MODULE, stated(0, runbook_remaining=3)], 2, 2),
    ],
)
def test_exit_code(events: list[dict[str, Any]], ansible_exit: int, expected: int) -> None:
    verdict = Verdict(reports=False)
    for event in events:
        verdict.note(event, result_of(event))
    assert verdict.exit_code(ansible_exit) == expected


def written(kind: str) -> dict[str, Any]:
    return {"event": f"runner_on_{kind}", "event_data": {"task": "t", "host": "h", "task_action": "registry_report", "res": {}}}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([written("ok"), END], 0),
        ([written("ok"), stated(1)], 1),
        ([END], 2),  # --tags or --limit left everything out
        ([written("skipped"), END], 2),
        ([stated(1)], 2),
        ([], 0),  # --list-tasks runs nothing
    ],
)
def test_what_is_to_end_with_a_report_is_nothing_without_it(events: list[dict[str, Any]], expected: int) -> None:
    verdict = Verdict(reports=True)
    for event in events:
        verdict.note(event, result_of(event))
    assert verdict.exit_code(0) == expected
