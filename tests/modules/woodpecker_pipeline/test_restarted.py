# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Another run of a pipeline, and one that is only followed."""

from __future__ import annotations

import pytest

from modules.woodpecker_pipeline.test_started import failed
from plugins.woodpecker import Woodpecker


def broken(woodpecker: Woodpecker) -> int:
    """A pipeline that failed, with the cause mended since; its number."""
    woodpecker.do["build-and-push"] = lambda _job: 1
    one = woodpecker.create(IMAGE="infra-ci")
    woodpecker.wait_for(one, "failure")
    del woodpecker.do["build-and-push"]
    return one.number


def test_the_new_number_is_followed(run_module, woodpecker: Woodpecker) -> None:
    number = broken(woodpecker)
    result = run_module("woodpecker_pipeline", **woodpecker.options(state="restarted", number=number))
    assert (result["changed"], result["pipeline"]["number"], result["pipeline"]["parent"]) == (True, 2, 1), result
    assert (result["pipeline"]["status"], result["pipeline"]["variables"]) == ("success", {"IMAGE": "infra-ci"})
    again = run_module("woodpecker_pipeline", **woodpecker.options(state="restarted", number=number))
    assert (again["changed"], again["followed"], again["pipeline"]["number"]) == (False, True, 2), "that was done"
    assert woodpecker.posts() == ["/api/repos/1/pipelines/1"]


def test_a_restart_that_failed_is_made_again(run_module, woodpecker: Woodpecker) -> None:
    number = broken(woodpecker)
    woodpecker.do["build-and-push"] = lambda _job: 1
    asked = woodpecker.options(state="restarted", number=number)
    failed(run_module("woodpecker_pipeline", **asked), "pipeline-failed", "pipeline 2")
    del woodpecker.do["build-and-push"]
    result = run_module("woodpecker_pipeline", **asked)
    assert (result["changed"], result["pipeline"]["number"], result["pipeline"]["parent"]) == (True, 3, 1)


def test_a_restart_of_a_restart_that_was_a_success_is_enough(run_module, woodpecker: Woodpecker) -> None:
    number = broken(woodpecker)
    woodpecker.do["build-and-push"] = lambda _job: 1
    woodpecker.wait_for(woodpecker.restart(number), "failure")
    del woodpecker.do["build-and-push"]
    woodpecker.wait_for(woodpecker.restart(2), "success")
    result = run_module("woodpecker_pipeline", **woodpecker.options(state="restarted", number=number))
    assert (result["changed"], result["followed"], result["pipeline"]["number"]) == (False, True, 3)


def test_a_restart_is_found_however_much_ran_since(run_module, woodpecker: Woodpecker) -> None:
    number = broken(woodpecker)
    woodpecker.wait_for(woodpecker.restart(number), "success")
    woodpecker.world.agents = 0
    for _each in range(220):
        woodpecker.create().status = "success"
    result = run_module("woodpecker_pipeline", **woodpecker.options(state="restarted", number=number))
    assert (result["changed"], result["pipeline"]["number"]) == (False, 2)


def test_a_restart_that_waits_for_approval_is_not_made_again(run_module, woodpecker: Woodpecker) -> None:
    number = broken(woodpecker)
    woodpecker.world.switch(faults=["blocked"])
    asked = woodpecker.options(state="restarted", number=number)
    for _each in range(2):
        result = run_module("woodpecker_pipeline", **asked)
        failed(result, "blocked", "pipeline 2", "waits for approval")
        assert result["may_go_on"] is True
    assert len(woodpecker.posts()) == 1


def test_a_manual_run_is_not_what_a_restart_of_an_old_one_is(run_module, woodpecker: Woodpecker) -> None:
    """That has the commit and the files of then."""
    woodpecker.world.switch(agents=2)
    woodpecker.wait_for(woodpecker.create(), "success")
    let_go = woodpecker.held("build-and-push")
    woodpecker.wait_for(woodpecker.restart(1), "running")
    del woodpecker.do["build-and-push"]
    result = run_module("woodpecker_pipeline", **woodpecker.options())
    let_go.set()
    assert (result["changed"], result["followed"], result["pipeline"]["number"]) == (True, False, 3)


def test_check_mode(run_module, woodpecker: Woodpecker) -> None:
    number = broken(woodpecker)
    result = run_module("woodpecker_pipeline", check=True, **woodpecker.options(state="restarted", number=number))
    assert (result["changed"], woodpecker.posts()) == (True, [])
    assert result["msg"].endswith("run pipeline 1 again")


def test_one_that_still_runs_is_followed(run_module, woodpecker: Woodpecker) -> None:
    let_go = woodpecker.held("build-and-push")
    woodpecker.wait_for(woodpecker.create(), "running")
    woodpecker.once("GET /api/repos/1/pipelines/1", let_go.set)
    result = run_module("woodpecker_pipeline", **woodpecker.options(state="restarted", number=1))
    assert (result["changed"], result["followed"], result["pipeline"]["number"]) == (False, True, 1)


def test_a_restart_that_is_under_way_is_followed(run_module, woodpecker: Woodpecker, time_is_over, monkeypatch) -> None:
    number = broken(woodpecker)
    let_go = woodpecker.held("build-and-push")
    asked = woodpecker.options(state="restarted", number=number)
    time_is_over(2)
    failed(run_module("woodpecker_pipeline", **asked), "timed-out", "pipeline 2")
    monkeypatch.undo()
    woodpecker.once("GET /api/repos/1/pipelines/2", let_go.set)
    result = run_module("woodpecker_pipeline", **asked)
    assert (result["changed"], result["followed"], result["pipeline"]["number"]) == (False, True, 2)


def test_a_restart_whose_answer_never_came(run_module, woodpecker: Woodpecker) -> None:
    number = broken(woodpecker)
    woodpecker.world.switch(faults=["lost-answer"])
    result = run_module("woodpecker_pipeline", **woodpecker.options(state="restarted", number=number))
    assert (result["pipeline"]["number"], len(woodpecker.posts())) == (2, 1)


@pytest.mark.parametrize("state", ["restarted", "followed"])
def test_one_that_is_not_there(run_module, woodpecker: Woodpecker, state) -> None:
    result = run_module("woodpecker_pipeline", **woodpecker.options(state=state, number=99))
    failed(result, "not-found")
    assert "99" in result["msg"]


def test_one_that_waits_for_approval_is_not_run_again(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.world.switch(faults=["blocked"])
    woodpecker.create()
    result = run_module("woodpecker_pipeline", **woodpecker.options(state="restarted", number=1))
    failed(result, "blocked", "cannot be run again: cannot restart a pipeline with status blocked")


def test_without_the_right(run_module, woodpecker: Woodpecker) -> None:
    number = broken(woodpecker)
    asked = woodpecker.options(state="restarted", number=number, token="a.token-of.reader")
    failed(run_module("woodpecker_pipeline", **asked), "authentication", "no right to push")


def test_followed_by_number(run_module, woodpecker: Woodpecker) -> None:
    number = broken(woodpecker)
    asked = woodpecker.options(state="followed", number=number, token="a.token-of.reader")
    failed(run_module("woodpecker_pipeline", **asked), "pipeline-failed", "step build-and-push")
    one = woodpecker.create()
    woodpecker.wait_for(one, "success")
    result = run_module("woodpecker_pipeline", **{**asked, "number": one.number})
    assert (result["changed"], result["followed"], result["pipeline"]["status"]) == (False, True, "success")


def test_followed_by_what_it_is_for(run_module, woodpecker: Woodpecker) -> None:
    failed(
        run_module("woodpecker_pipeline", **woodpecker.options(state="followed")),
        "not-found",
        "nothing runs by hand on branch master",
    )
    let_go = woodpecker.held("build-and-push")
    woodpecker.create()
    woodpecker.once("GET /api/repos/1/pipelines/1", let_go.set)
    result = run_module("woodpecker_pipeline", **woodpecker.options(state="followed"))
    assert (result["followed"], result["pipeline"]["status"], woodpecker.posts()) == (True, "success", [])
