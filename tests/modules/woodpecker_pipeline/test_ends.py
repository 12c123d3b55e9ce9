# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""How a pipeline may end, beside well: each with its own code, the step, and the end of its log without secrets."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest

from modules.woodpecker_pipeline.test_started import WANTED, failed
from plugins.woodpecker import SECONDS, WORKFLOW, Woodpecker

HIDDEN = "hunter2-hunter2"


def fail(job: Any) -> int:
    for number in range(60):
        job.say(f"line {number}")
    job.say(f"\x1b[31mlogin with {HIDDEN}\x1b[0m")
    job.say("")
    job.say("https://user:wordpass@registry.example.com\r\n")
    job.say("bytes \udcff of nobody")
    return 126


def test_a_step_fails(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.do["build-and-push"] = fail
    variables = {"REGISTRY_PASSWORD": HIDDEN, "IMAGE": "infra-ci"}
    result = run_module("woodpecker_pipeline", **woodpecker.options(wanted=WANTED, variables=variables, lines=5))
    failed(result, "pipeline-failed", "ended as failure: step build-and-push of workflow build-ci-image (exit code 126)")
    assert "the image that it runs in may be one that cannot be pulled" in result["msg"]
    step = result["failed_step"]
    assert (step["workflow"], step["step"], step["state"]) == ("build-ci-image", "build-and-push", "failure")
    masked = "https://********@registry.example.com"
    assert result["log"] == ["line 59", "login with ********", "", masked, "bytes \ufffd of nobody"]
    assert (result["wanted_reached"], result["changed"]) == (False, True)
    assert result["pipeline"]["variables"] == {"REGISTRY_PASSWORD": "********", "IMAGE": "infra-ci"}
    assert HIDDEN not in json.dumps(result), "the invocation has them too"


def test_what_is_to_be_masked(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.do["build-and-push"] = fail
    result = run_module("woodpecker_pipeline", **woodpecker.options(mask=[HIDDEN, "line 58"]))
    assert HIDDEN not in json.dumps(result) and "line 58" not in json.dumps(result)
    assert "login with ********" in result["log"]
    assert len(result["log"]) == 40


def test_no_lines(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.do["build-and-push"] = fail
    result = run_module("woodpecker_pipeline", **woodpecker.options(lines=0))
    assert result["log"] == [] and woodpecker.asked("/logs/") == []


def test_what_was_wanted_is_done_though_another_step_failed(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.write("build-ci-image.yml", WORKFLOW + "  - {name: notify, image: alpine, commands: ['false']}\n")
    woodpecker.do["notify"] = lambda _job: 1
    result = run_module("woodpecker_pipeline", **woodpecker.options(wanted=WANTED))
    failed(result, "pipeline-failed", "step notify", "What was wanted of it is done, though: step build-and-push of workflow")
    assert result["wanted_reached"] is True


def test_a_failure_that_is_ignored_is_none(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.write("build-ci-image.yml", WORKFLOW + "  - {name: notify, image: alpine, failure: ignore, commands: ['false']}\n")
    woodpecker.do["notify"] = lambda _job: 1
    result = run_module("woodpecker_pipeline", **woodpecker.options(wanted=WANTED))
    assert (result["pipeline"]["status"], result["failed_step"]) == ("success", {})


def test_success_without_the_step(run_module, woodpecker: Woodpecker) -> None:
    """It is seen at once, and what this run started is ended: it can never come to what it is for."""
    woodpecker.held("build-and-push")
    result = run_module("woodpecker_pipeline", **woodpecker.options(wanted=[{"step": "sign"}]))
    failed(result, "wanted-missing", "step sign is not in it", "It has the workflows build-ci-image", "It was canceled")
    assert woodpecker.pipelines()[0].status in ("killed", "canceled")


def test_a_wanted_step_that_was_skipped(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.write("build-ci-image.yml", WORKFLOW + "    when: {status: failure}\n")
    result = run_module("woodpecker_pipeline", **woodpecker.options(wanted=WANTED))
    failed(result, "wanted-missing", "ended with success, but step verify-integrity ended as skipped")


def test_nothing_but_the_clone(run_module, woodpecker: Woodpecker) -> None:
    left_out = "steps: [{name: a, image: alpine, commands: [date], when: {event: tag}}]\n"
    woodpecker.write("build-ci-image.yml", left_out)
    result = run_module("woodpecker_pipeline", **woodpecker.options())
    assert result["pipeline"]["status"] == "success"
    assert "nothing but the clone ran" in json.dumps(result["warnings"])
    failed(
        run_module("woodpecker_pipeline", **woodpecker.options(wanted=[{"step": "a"}])), "wanted-missing", "step a is not in it"
    )


@pytest.mark.parametrize(("version", "who"), [("3.17.0", "user root"), ("2.4.0", "somebody")])
def test_somebody_cancels_it(run_module, start_woodpecker, version, who) -> None:
    server = start_woodpecker(version)
    server.held("build-and-push")
    agents = server.server.answering._handlers.agents

    def cancel() -> None:
        server.wait_for(server.pipelines()[0], "running")
        with server.world.changed:
            agents.cancel(server.pipelines()[0], "root")

    server.once("GET /api/repos/1/pipelines/1", cancel)
    failed(run_module("woodpecker_pipeline", **server.options()), "canceled", f"was canceled by {who}")


def test_one_that_waits_for_approval(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.world.switch(faults=["blocked"])
    result = run_module("woodpecker_pipeline", **woodpecker.options())
    failed(result, "blocked", "waits for approval", "Approve it in Woodpecker")
    one = woodpecker.pipelines()[0]
    one.status = "declined"
    failed(run_module("woodpecker_pipeline", **woodpecker.options(state="followed", number=1)), "blocked", "was declined")


@pytest.mark.parametrize("cancel", [False, True])
def test_it_takes_too_long(run_module, woodpecker: Woodpecker, time_is_over, monkeypatch, cancel) -> None:
    let_go = woodpecker.held("build-and-push")
    woodpecker.once_running()
    time_is_over(3)
    result = run_module("woodpecker_pipeline", **woodpecker.options(cancel_on_timeout=cancel))
    failed(result, "timed-out", "is still running after 20 s")
    assert result["failed_step"]["step"] == "build-and-push"
    assert woodpecker.pipelines()[0].status == ("killed" if cancel else "running")
    assert ("It was canceled" in result["msg"]) == cancel
    assert (result["pipeline"]["status"], result["may_go_on"]) == (("killed", False) if cancel else ("running", True))
    monkeypatch.undo()
    woodpecker.once(f"GET /api/repos/1/pipelines/{2 if cancel else 1}", let_go.set)
    again = run_module("woodpecker_pipeline", **woodpecker.options())
    assert (again["followed"], again["pipeline"]["number"]) == ((False, 2) if cancel else (True, 1))


def test_a_followed_one_is_never_canceled(run_module, woodpecker: Woodpecker, time_is_over) -> None:
    time_is_over(3)
    woodpecker.held("build-and-push")
    woodpecker.wait_for(woodpecker.create(), "running")
    asked = woodpecker.options(cancel_on_timeout=True, wanted=[{"step": "sign"}])
    failed(run_module("woodpecker_pipeline", **asked), "wanted-missing", "step sign is not in it")
    failed(run_module("woodpecker_pipeline", **{**asked, "wanted": []}), "timed-out", "still running")
    assert woodpecker.pipelines()[0].status == "running" and woodpecker.posts() == []


@pytest.mark.parametrize(
    ("token", "code", "said"),
    [
        ("a.token-of.root", "no-agent", "is still pending after 20 s: no agent is connected"),
        ("a.token-of.dev", "timed-out", "No agent took it: see whether one is connected"),
    ],
)
def test_nobody_takes_it(run_module, woodpecker: Woodpecker, time_is_over, token, code, said) -> None:
    time_is_over(3)
    woodpecker.world.switch(agents=0)
    waiting = woodpecker.create(A="b")
    result = run_module("woodpecker_pipeline", **woodpecker.options(variables={"A": "b"}, token=token))
    failed(result, code, said)
    assert waiting.status == "pending"


def test_a_server_that_is_away_for_a_moment(run_module, woodpecker: Woodpecker) -> None:
    """A restart of the server, or of the proxy before it, ends nothing."""
    look, faults = "GET /api/repos/1/pipelines/1", ["silent", "unavailable", "html"]
    let_go = woodpecker.held("build-and-push")

    def away() -> None:
        woodpecker.world.switch(faults=[faults.pop(0)])
        woodpecker.once(look, back)

    def back() -> None:
        woodpecker.world.switch(faults=[])
        woodpecker.once(look, away if faults else let_go.set)

    woodpecker.once(look, away)
    result = run_module("woodpecker_pipeline", **woodpecker.options())
    assert (result["pipeline"]["status"], faults) == ("success", [])


def test_a_server_that_does_not_come_back(run_module, woodpecker: Woodpecker, time_is_over) -> None:
    time_is_over(5)
    woodpecker.held("build-and-push")
    woodpecker.once("GET /api/repos/1/pipelines/1", lambda: woodpecker.world.switch(faults=["silent"]))
    result = run_module("woodpecker_pipeline", **woodpecker.options())
    failed(result, "unreachable", "pipeline 1", "its end was not seen", "run this again to follow it")


def test_told_to_stop(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.held("build-and-push")
    woodpecker.once("GET /api/repos/1/pipelines/1", lambda: os.kill(os.getpid(), signal.SIGTERM))
    result = run_module("woodpecker_pipeline", **woodpecker.options(timeout=SECONDS))
    failed(result, "interrupted", "told to stop by SIGTERM; it goes on", "pipeline 1", "Run this again to follow it")
    woodpecker.wait_for(woodpecker.pipelines()[0], "running")


def test_told_to_stop_while_it_is_started(run_module, woodpecker: Woodpecker) -> None:
    """What was started is known all the same."""
    woodpecker.held("build-and-push")
    woodpecker.once("POST /api/repos/1/pipelines", lambda: os.kill(os.getpid(), signal.SIGTERM))
    result = run_module("woodpecker_pipeline", **woodpecker.options())
    failed(result, "interrupted", "it goes on", "pipeline 1")
    assert result["pipeline"]["number"] == 1 and result["changed"]
