# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The report of a drill: the verdict, the clock, and where the evidence of a failure is."""

from __future__ import annotations

from ansible.module_utils.registry_lab.drill import clock, passed, text

GOOD = {
    "scenario": "unlinked",
    "passed": True,
    "folder": "/labs/drill-unlinked",
    "version": "2.8.3",
    "found": 5,
    "times": {"break": 100.0, "detect": 100.5, "diagnose": 102.04, "repair": 103.0, "prove": 104.25},
    "broken": ["team/app:1.0: removed a link"],
    "steps": [{"action": "relink", "role": "manifest", "way": "api", "state": "done"}] * 2,
    "proved": ["a second run changed nothing"],
}
BAD = {
    **GOOD,
    "scenario": "stale-cache",
    "passed": False,
    "problem": "Prove: a layer is gone",
    "times": {"break": 100.0, "detect": 101.0},
}


def test_the_clock_counts_from_the_break():
    assert clock(GOOD) == {"detect": 0.5, "diagnose": 2.0, "repair": 3.0, "prove": 4.2}


def test_stages_that_were_not_reached_have_no_time():
    assert clock(BAD) == {"detect": 1.0}
    assert clock({**BAD, "times": {}}) == {}


def test_a_drill_passes_only_as_a_whole():
    assert passed([GOOD])
    assert not passed([GOOD, BAD])
    assert not passed([])


def test_the_text_of_a_success():
    lines = text([GOOD]).splitlines()
    assert lines[0] == "DRILL: PASS, 1 of 1 scenarios, registry 2.8.3"
    assert lines[3].split() == ["unlinked", "PASS", "5", "0.5", "s", "2.0", "s", "3.0", "s", "4.2", "s"]
    assert "  repaired  2 x relink manifest (api)" in lines


def test_the_text_of_a_failure_names_the_problem_and_the_evidence():
    told = text([GOOD, BAD])
    assert told.startswith("DRILL: FAIL, 1 of 2 scenarios")
    assert "FAILED    Prove: a layer is gone" in told
    assert "evidence  /labs/drill-unlinked" in told


def test_nothing_started_is_told():
    told = text([{"scenario": "unlinked", "passed": False, "folder": "", "times": {}, "problem": "no binary", "found": None}])
    assert told.startswith("DRILL: FAIL, 0 of 1 scenarios, registry not started")
    assert "None" not in told
    assert "evidence" not in told
