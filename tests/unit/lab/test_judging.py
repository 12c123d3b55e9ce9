# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a person saw, held against what was broken: nothing missed, nothing healthy accused, the right exit code and words."""

from __future__ import annotations

import pytest
from ansible.module_utils.registry_lab.vm.judging import Outcome, wrong
from ansible.module_utils.registry_lab.vm.playing import exit_code
from ansible.module_utils.registry_lab.vm.scenarios import SCENARIOS, Act, Wanted

from contract.project import ROOT, load_yaml

LOST = {"code": "child-missing", "repository": "infra-ci", "digest": "sha256:1", "tags": ["latest", "v1"]}
SEEN = {**LOST, "tags": ["v1", "latest"], "severity": "critical", "state": "gone"}
WASTE = {"code": "orphan", "severity": "info"}


MISSED = "missed child-missing infra-ci sha256:1 ['latest', 'v1']"
ACCUSED = "found what was not broken: child-missing infra-ci sha256:1 ['v1', 'latest']"


def reported(**result: list[dict[str, object]]) -> Outcome:
    return Outcome(0, results=[{}, result])


@pytest.mark.parametrize(
    ("wanted", "outcome", "lines"),
    [
        (Wanted(), Outcome(0), []),
        (Wanted(1), Outcome(2), ["ended with 2, not 1"]),
        (Wanted(changed=True), Outcome(0), ["changed nothing"]),
        (Wanted(changed=False), Outcome(0, 3), ["changed something: 3 tasks"]),
        (Wanted(findings=[LOST]), reported(findings=[SEEN, WASTE]), []),
        (Wanted(findings=[LOST]), Outcome(0), [MISSED]),
        (Wanted(findings=[LOST, LOST]), reported(findings=[SEEN]), [MISSED]),
        (Wanted(findings=[]), reported(findings=[SEEN]), [ACCUSED]),
        (Wanted(found=[{"registry": "a"}]), reported(found=[{"registry": "b"}]), ["missed a", "found what was not broken: b"]),
        (Wanted(plan={"keep": 1}), reported(plan=[{"action": "keep"}]), []),
        (Wanted(plan={"keep": 1}), reported(plan=[{"action": "start"}]), ["planned {'start': 1}, not {'keep': 1}"]),
        (Wanted(says=["a|b", "c"]), Outcome(0, text="only b"), ["does not say 'c'"]),
        (Wanted(says=["answers 502"]), Outcome(0, text="it answers\n    502"), []),
        (Wanted(never=["HEALTHY"]), Outcome(0, text="it is HEALTHY"), ["says 'HEALTHY'"]),
    ],
)
def test_what_is_wrong_is_named(wanted: Wanted, outcome: Outcome, lines: list[str]) -> None:
    assert wrong(wanted, outcome) == lines


@pytest.mark.parametrize(
    ("status", "printed", "code"),
    [
        (0, "", 0),
        (2, "", 2),
        (4, "", 2),
        (2, "RUN:  runbook_findings: 4", 1),
        (2, 'RUN: {"runbook_findings": "4"}', 1),
        (2, "RUN: runbook_findings: 0", 2),
        (2, 'RUN: {"runbook_findings": 2, "runbook_remaining": 1}', 1),
        (2, 'RUN: {"runbook_findings": 0, "runbook_remaining": 1}', 3),
    ],
)
def test_the_exit_code_is_that_of_the_console(status: int, printed: str, code: int) -> None:
    assert exit_code(status, printed) == code


def test_an_act_is_the_same_after_json() -> None:
    act = Act("detect", "look", Wanted(1, False, [LOST]), "verify", {"target": "a"})
    assert Act.of(act.as_dict()) == act


def test_every_scenario_is_played() -> None:
    """By a host of the drill's inventory each, and the role takes it."""
    hosts = load_yaml(ROOT / "inventory" / "lab" / "drill.yml")["machine"]["hosts"]
    assert [host["drill_scenario"] for host in hosts.values()] == list(SCENARIOS)
    assert list(hosts) == [f"drill-{name}" for name in SCENARIOS]
    options = load_yaml(ROOT / "roles" / "registry_lab" / "meta" / "argument_specs.yml")["argument_specs"]["machine"]["options"]
    assert options["registry_lab_scenario"]["choices"] == list(SCENARIOS)
