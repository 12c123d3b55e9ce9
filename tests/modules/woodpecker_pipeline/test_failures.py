# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""woodpecker_pipelines_info: what failed since a time, in several repositories, by any version."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible.module_utils.registry_lab.woodpecker.model import Pipeline

from modules.woodpecker_pipeline.test_started import failed
from plugins.woodpecker import TOKEN, WORKFLOW, Woodpecker

NOW = int(time.time())


def asked(woodpecker: Woodpecker, **changes: Any) -> dict[str, Any]:
    plain = {"server": woodpecker.server.address, "token": TOKEN, "repositories": ["o/infra"], "since": NOW - 3600}
    return {**plain, **changes}


def made(woodpecker: Woodpecker, code: int, created: int, finished: int) -> int:
    """A pipeline of that time; its number."""
    woodpecker.do["build-and-push"] = lambda _job: code
    one = woodpecker.create()
    woodpecker.wait_for(one, "success", "failure")
    one.created, one.started, one.finished = created, created, finished
    return one.number


@pytest.mark.parametrize("version", ["1.0.5", "2.4.0", "3.17.0"])
def test_what_failed_since(run_module, start_woodpecker, version) -> None:
    server = start_woodpecker(version)
    made(server, 126, NOW - 9000, NOW - 8000)
    began_before = made(server, 126, NOW - 7000, NOW - 3000)
    made(server, 0, NOW - 2000, NOW - 1900)
    last = made(server, 1, NOW - 1000, NOW - 900)
    result = run_module("woodpecker_pipelines_info", **asked(server))
    assert [one["number"] for one in result["pipelines"]] == [last, began_before], result
    one = result["pipelines"][1]
    assert (one["repository"], one["status"], one["event"], one["branch"]) == ("o/infra", "failure", "manual", "master")
    assert (one["failed_step"]["step"], one["failed_step"]["exit_code"], one["finished"]) == ("build-and-push", 126, NOW - 3000)
    assert one["workflows"][0]["name"] == "build-ci-image" and one["title"] == "MANUAL PIPELINE @ master"
    assert (result["changed"], result["problems"], one["restarted_as"]) == (False, [], 0)
    assert server.posts() == []


def test_what_was_run_again(run_module, woodpecker: Woodpecker) -> None:
    number = made(woodpecker, 1, NOW, NOW)
    del woodpecker.do["build-and-push"]
    run_module("woodpecker_pipeline", **woodpecker.options(state="restarted", number=number))
    one = run_module("woodpecker_pipelines_info", **asked(woodpecker))["pipelines"][0]
    assert (one["number"], one["restarted_as"], one["restarted_status"]) == (number, 2, "success")
    assert one["left_out"] == "run again as 2, which was a success"


def again(woodpecker: Woodpecker, number: int, code: int = 1) -> Pipeline:
    """Another run of one, by somebody else, at its end."""
    woodpecker.do["build-and-push"] = lambda _job: code
    one = woodpecker.restart(number)
    woodpecker.wait_for(one, "success", "failure", "blocked")
    return one


def test_restarts_are_listed_as_one_with_what_they_run_again(run_module, woodpecker: Woodpecker) -> None:
    """However often it failed again: it is one thing to do, and none once a restart of a restart was a success."""

    def listed() -> list[tuple[int, int, str, str]]:
        found = run_module("woodpecker_pipelines_info", **asked(woodpecker))["pipelines"]
        return [(one["number"], one["restarted_as"], one["restarted_status"], one["left_out"]) for one in found]

    first = made(woodpecker, 1, NOW, NOW)
    second = again(woodpecker, first).number
    third = again(woodpecker, second).number
    assert listed() == [(first, third, "failure", "")]
    woodpecker.world.switch(faults=["blocked"])
    fourth = again(woodpecker, first).number
    assert listed() == [(first, fourth, "blocked", f"run again as {fourth}, which waits for approval")]
    woodpecker.world.switch(faults=[])
    fifth = again(woodpecker, third, 0).number
    again(woodpecker, first)
    assert listed() == [(first, fifth, "success", f"run again as {fifth}, which was a success")]


def test_a_restart_that_failed_is_listed_where_the_first_did_not(run_module, woodpecker: Woodpecker) -> None:
    good = made(woodpecker, 0, NOW - 200, NOW - 200)
    bad = again(woodpecker, good).number
    again(woodpecker, bad)
    found = run_module("woodpecker_pipelines_info", **asked(woodpecker))["pipelines"]
    assert [(one["number"], one["restarted_as"], one["left_out"]) for one in found] == [(bad, 3, "")]


def test_what_must_not_run_again_is_told(run_module, woodpecker: Woodpecker) -> None:
    other = woodpecker.add("o/app", WORKFLOW)
    made(woodpecker, 1, NOW, NOW)
    woodpecker.write("broken.yml", "steps: [{name: a, commands: [date]}]\n")
    woodpecker.create()
    woodpecker.do["build-and-push"] = lambda _job: 1
    woodpecker.wait_for(woodpecker.create_in(other), "failure")

    def left_out(**entry: str) -> dict[tuple[str, int], str]:
        options = asked(woodpecker, repositories=["o/infra", "o/app"], not_again=[entry])
        found = run_module("woodpecker_pipelines_info", **options)["pipelines"]
        return {(one["repository"], one["number"]): one["left_out"] for one in found}

    what = "step build-and-push of workflow build-ci-image"
    wanted = {"workflow": "build-ci-image.yml", "step": "build-and-push"}
    unknown = f"it may run {what}: which workflows it has is not known"
    expected = {("o/infra", 1): f"it runs {what}", ("o/infra", 2): unknown, ("o/app", 1): ""}
    assert left_out(repository="O/infra", **wanted) == left_out(repository="1", **wanted) == expected
    assert left_out(repository="o/app", step="sign") == dict.fromkeys(expected, "")
    bad = run_module("woodpecker_pipelines_info", **asked(woodpecker, not_again=[{"repository": "o/app"}]))
    failed(bad, "bad-input", "neither workflow nor step")


def test_many_come_page_by_page(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.world.agents = 0
    for number in range(120):
        one = woodpecker.create()
        one.status, one.finished = ("failure", NOW) if number in (0, 119) else ("success", NOW)
    result = run_module("woodpecker_pipelines_info", **asked(woodpecker))
    assert [one["number"] for one in result["pipelines"]] == [120, 1]
    assert len(woodpecker.asked("/pipelines?")) == 3
    for one in woodpecker.pipelines()[:60]:
        one.created = NOW - 10 * 24 * 3600
    run_module("woodpecker_pipelines_info", **asked(woodpecker))
    assert len(woodpecker.asked("/pipelines?")) == 4, "what is much older is not asked for"


def test_other_statuses(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.write("broken.yml", "steps: [{name: a, commands: [date]}]\n")
    woodpecker.create()
    result = run_module("woodpecker_pipelines_info", **asked(woodpecker))
    assert result["pipelines"][0]["errors"] == ["broken: Invalid or missing image"]
    assert run_module("woodpecker_pipelines_info", **asked(woodpecker, statuses=["killed"]))["pipelines"] == []


def test_one_repository_that_is_hidden_stops_no_other(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.add("o/hidden", WORKFLOW, visibility="private", rights={})
    made(woodpecker, 1, NOW, NOW)
    result = run_module("woodpecker_pipelines_info", **asked(woodpecker, repositories=["o/hidden", "o/infra", "nonsense"]))
    assert [one["repository"] for one in result["pipelines"]] == ["o/infra"]
    assert [(one["repository"], one["code"]) for one in result["problems"]] == [
        ("o/hidden", "not-found"),
        ("nonsense", "bad-input"),
    ]


def test_what_cannot_be_looked_at(run_module, woodpecker: Woodpecker) -> None:
    for change, code, said in (
        ({"repositories": ["o/other"]}, "not-found", "o/other is not there"),
        ({"repositories": []}, "bad-input", "no repository is named"),
        ({"since": -1}, "bad-input", "since"),
        ({"token": "wrong", "repositories": ["o/other"]}, "authentication", "does not accept the token"),
    ):
        failed(run_module("woodpecker_pipelines_info", **asked(woodpecker, **change)), code, said)
    woodpecker.world.switch(faults=["html"])
    failed(run_module("woodpecker_pipelines_info", **asked(woodpecker)), "not-woodpecker", "Check the address")
