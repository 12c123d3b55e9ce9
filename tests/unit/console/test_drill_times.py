# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The table of a drill: each scenario's times, beside the last time that it passed."""

from __future__ import annotations

from typing import Any

from runbook.drill import compared


def record(scenario: str, passed: bool = True, **clock: float) -> dict[str, Any]:
    return {"scenario": scenario, "passed": passed, "clock": clock}


def test_times_are_compared_with_the_last_that_passed() -> None:
    now = [record("unlinked", detect=1.0, diagnose=4.0, repair=6.0, prove=12.0), record("new", False, detect=1.5)]
    before = {"unlinked": record("unlinked", detect=1.0, prove=10.0)}
    heading, first, second, _note = compared(now, before).splitlines()
    assert heading.split() == ["SCENARIO", "RESULT", "DETECT", "DIAGNOSE", "REPAIR", "PROVE", "BEFORE", "DIFFERENCE"]
    assert first.split() == ["unlinked", "PASS", "1.0", "4.0", "6.0", "12.0", "10.0", "+2.0", "(+20%)"]
    assert second.split() == ["new", "FAIL", "1.5", "-", "-", "-", "-", "-"]
