# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A pipeline that is started by hand, to its end: what is proven, and what is not done twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plugins.woodpecker import TOKEN, Woodpecker

WANTED = [{"workflow": ".woodpecker/build-ci-image.yml", "step": "build-and-push"}, {"step": "verify-integrity"}]


def failed(result: dict[str, Any], code: str, *said: str) -> None:
    assert (result.get("failed"), result.get("code")) == (True, code), result
    for words in said:
        assert words in result["msg"], result["msg"]
    assert "Traceback" not in result["msg"] and "\n" not in result["msg"]
    assert TOKEN not in json.dumps({**result, "invocation": {}})


def test_it_is_done(run_module, woodpecker: Woodpecker) -> None:
    result = run_module("woodpecker_pipeline", **woodpecker.options(wanted=WANTED, variables={"IMAGE": "infra-ci", "N": 1}))
    assert (result["changed"], result["followed"], result["wanted_reached"]) == (True, False, True), result
    pipeline = result["pipeline"]
    assert (pipeline["number"], pipeline["status"], pipeline["event"], pipeline["branch"]) == (1, "success", "manual", "master")
    assert pipeline["url"] == f"{woodpecker.server.address}/repos/1/pipeline/1"
    assert pipeline["variables"] == {"IMAGE": "infra-ci", "N": "1"}
    assert [step["name"] for step in pipeline["workflows"][0]["steps"]] == ["clone", "build-and-push", "verify-integrity"]
    assert pipeline["created"] > 0 and pipeline["finished"] >= pipeline["started"] >= pipeline["created"]
    assert (result["failed_step"], result["log"], result["server_version"], result["may_go_on"]) == ({}, [], "3.17.0", False)
    assert [job.step for job in woodpecker.jobs] == ["build-and-push", "verify-integrity"]
    assert woodpecker.jobs[0].variables["IMAGE"] == "infra-ci"
    assert TOKEN not in json.dumps({**result, "invocation": {}})
    assert not any(TOKEN in exchange.target for exchange in woodpecker.exchanges)


def test_check_mode_starts_nothing_and_says_what_would_be(run_module, woodpecker: Woodpecker) -> None:
    result = run_module("woodpecker_pipeline", check=True, **woodpecker.options())
    assert (result["changed"], result["pipeline"], woodpecker.posts()) == (True, {}, [])
    assert result["msg"].endswith("o/infra: start a manual pipeline of branch master")


def test_by_number_and_below_a_path(run_module, start_woodpecker) -> None:
    server = start_woodpecker(prefix="/ci")
    result = run_module("woodpecker_pipeline", **server.options(repository="1", server=f"{server.server.address}/"))
    assert result["pipeline"]["status"] == "success"


def test_a_netrc_of_the_user_does_not_take_the_place_of_the_token(
    run_module, woodpecker: Woodpecker, tmp_path, monkeypatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n", encoding="utf-8")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert run_module("woodpecker_pipeline", **woodpecker.options())["pipeline"]["author"] == "dev"


def test_what_runs_for_the_same_is_followed(run_module, woodpecker: Woodpecker) -> None:
    let_go = woodpecker.held("build-and-push")
    running = woodpecker.create(IMAGE="infra-ci")
    woodpecker.wait_for(running, "running")
    woodpecker.once("GET /api/repos/1/pipelines/1", let_go.set)
    result = run_module("woodpecker_pipeline", **woodpecker.options(wanted=WANTED, variables={"IMAGE": "infra-ci"}))
    assert (result["changed"], result["followed"], result["pipeline"]["number"]) == (False, True, 1), result
    assert woodpecker.posts() == []


def test_what_waits_for_the_same_is_followed_in_check_mode_too(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.world.switch(paused=True)
    woodpecker.create()
    result = run_module("woodpecker_pipeline", check=True, **woodpecker.options())
    assert (result["changed"], result["followed"], result["pipeline"]["status"]) == (False, True, "pending")


@pytest.mark.parametrize("variables", [{}, {"IMAGE": "other"}])
def test_what_runs_for_something_else_is_not(run_module, woodpecker: Woodpecker, variables) -> None:
    woodpecker.world.switch(agents=2)
    let_go = woodpecker.held("build-and-push")
    woodpecker.wait_for(woodpecker.create(IMAGE="infra-ci"), "running")
    del woodpecker.do["build-and-push"]
    result = run_module("woodpecker_pipeline", **woodpecker.options(variables=variables))
    let_go.set()
    assert (result["changed"], result["followed"], result["pipeline"]["number"]) == (True, False, 2)


@pytest.mark.parametrize("refused", [False, True])
def test_one_that_was_started_at_the_same_moment(run_module, woodpecker: Woodpecker, monkeypatch, refused) -> None:
    """Both saw nothing; the newer gives way, where the server lets it."""
    from ansible.module_utils.woodpecker.starting import Starting

    let_go = woodpecker.held("build-and-push")
    ask = Starting._ask

    def somebody_is_quicker(starting: Any) -> Any:
        woodpecker.wait_for(woodpecker.create(), "running")
        woodpecker.once("GET /api/repos/1/pipelines/1", let_go.set)
        return ask(starting)

    monkeypatch.setattr(Starting, "_ask", somebody_is_quicker)
    if refused:
        away, back = (lambda: woodpecker.world.switch(faults=["unavailable"])), (lambda: woodpecker.world.switch(faults=[]))
        woodpecker.once("POST /api/repos/1/pipelines", lambda: woodpecker.once("GET /api/repos/1/pipelines?", away))
        woodpecker.once("/cancel", back)
    result = run_module("woodpecker_pipeline", **woodpecker.options())
    assert (result["followed"], result["pipeline"]["number"], result["pipeline"]["status"]) == (True, 1, "success"), result
    assert (woodpecker.pipelines()[0].status == "canceled", result["may_go_on"]) == (not refused, refused)
    how = "could not be canceled (answered 502: what stands before the server does not reach it)" if refused else "was canceled"
    assert f"pipeline 2 {how}: 1 was started for the same" in json.dumps(result["warnings"])


@pytest.mark.parametrize("fault", ["lost-answer", "proxy-answer", "page-answer", "broken-answer", "other-answer", "fault-answer"])
def test_an_answer_that_never_came(run_module, woodpecker: Woodpecker, fault) -> None:
    """Or that tells nothing."""
    woodpecker.world.switch(faults=[fault])
    result = run_module("woodpecker_pipeline", **woodpecker.options(wanted=WANTED))
    assert (result["changed"], result["pipeline"]["number"], result["pipeline"]["status"]) == (True, 1, "success"), result
    assert len(woodpecker.posts()) == 1


def test_a_request_that_never_arrived(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.world.switch(faults=["lost-request"])
    result = run_module("woodpecker_pipeline", **woodpecker.options())
    failed(result, "unreachable", "gives no answer", "Whether it was started is unknown: run this again")
    assert (result["pipeline"], result["may_go_on"]) == ({}, True)
    assert len(woodpecker.posts()) == 1 and woodpecker.pipelines() == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [("page-answer", "not-woodpecker"), ("broken-answer", "protocol"), ("fault-answer", "unavailable")],
)
def test_an_answer_that_tells_nothing_and_nobody_to_ask_afterwards(run_module, woodpecker: Woodpecker, fault, code) -> None:
    woodpecker.world.switch(faults=[fault])
    woodpecker.once("POST /api", lambda: woodpecker.world.switch(faults=["silent"]))
    result = run_module("woodpecker_pipeline", **woodpecker.options())
    failed(result, code, "Whether it was started is unknown: run this again")
    assert (result["may_go_on"], "nothing" in result["msg"], len(woodpecker.pipelines())) == (True, False, 1)


def test_a_build_that_pushes_nothing_is_no_failure_of_the_pipeline(run_module, woodpecker: Woodpecker) -> None:
    """Nothing tells but the registry: who asked for the image looks there."""
    woodpecker.world.switch(faults=["pushes-nothing"])
    result = run_module("woodpecker_pipeline", **woodpecker.options(wanted=WANTED))
    assert result["pipeline"]["status"] == "success" and woodpecker.jobs == []


def test_warnings_are_no_errors(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.write("habit.yml", "steps: [{name: a, image: alpine, commands: [date]}]\n")
    result = run_module("woodpecker_pipeline", **woodpecker.options())
    assert result["pipeline"]["errors"] == []
    assert "habit: Consider adding a `when` block" in json.dumps(result["warnings"])


@pytest.mark.parametrize("version", ["1.0.5", "2.0.0", "2.4.0", "2.8.3", "3.4.0", "3.14.0"])
def test_every_version(run_module, start_woodpecker, version) -> None:
    server = start_woodpecker(version)
    result = run_module("woodpecker_pipeline", **server.options(wanted=WANTED))
    pipeline = result["pipeline"]
    assert (pipeline["status"], result["server_version"]) == ("success", version), result
    assert pipeline["created"] and pipeline["started"] and pipeline["finished"]
