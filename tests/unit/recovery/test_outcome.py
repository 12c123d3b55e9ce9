# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a recovery came to: each row is one way that a run can end."""

from __future__ import annotations

import pytest
from ansible.module_utils.recovery.outcome import Run, outcome_of
from ansible.module_utils.recovery.words import Hints, problem_of

HINTS = Hints([], True, "")
DELETE = {"action": "delete", "approval": "delete", "possible": True}


def found(tag="1.0", digest="sha256:a", severity="critical"):
    thing = {"repository": "app", "tags": [tag], "digest": digest, "role": "layer", "state": "gone"}
    return {**thing, "severity": severity, "code": "layer-missing"}


def image(outcome="remaining", chosen="", tag="1.0", candidates=(), why="needs approve"):
    return {"repository": "app", "tag": tag, "outcome": outcome, "chosen": chosen, "candidates": list(candidates), "why": why}


def left(tag="1.0", digest="sha256:a"):
    return {
        "repository": "app",
        "tags": [tag],
        "digest": digest,
        "role": "layer",
        "state": "gone",
        "why": "no source",
        "next": [],
    }


def made(tags=("1.0",), way="vm", problem="", changed=True):
    how = {"way": way, "whole": not problem, "digest": "sha256:new", "changed": changed, "problem": problem}
    return {"image": "app", "tags": list(tags), **how}


def run(before=(), after=None, *, images=(), remaining=(), remade=(), held=False, **more):
    """A real run, or with ``after`` None one in check mode."""
    repair = {
        "images": list(images),
        "remaining": list(remaining),
        "plan": [],
        "msg": "said",
        "changed": False,
        **more.get("repair", {}),
    }
    diagnosis = {"name": "here", "findings": list(before), "problems": list(more.get("unseen", ()))}
    proof = (
        {"findings": list(after or ()), "healthy": not after, "problems": [], **more.get("proof", {})}
        if after is not None
        else {}
    )
    return Run(diagnosis, repair, list(remade), proof, after is None, held)


def end(one, hints=HINTS):
    outcome = outcome_of(one)
    return outcome.state, [each["outcome"] for each in outcome.images], outcome.decisions, problem_of(one, outcome, hints)


def test_nothing_was_broken():
    assert end(run(after=())) == ("untouched", [], 0, "")


def test_repaired_and_proven():
    one = run([found()], (), images=[image("done", "relink")], repair={"changed": True})
    assert end(one) == ("proven", ["done"], 0, "")


def test_what_the_proof_still_finds_is_not_done():
    one = run([found()], [found()], images=[image("done", "relink")], repair={"changed": True, "restart_required": True})
    state, outcomes, decisions, problem = end(one, Hints([], False, "undo it"))
    assert (state, outcomes, decisions) == ("broken", ["failed"], 0)
    assert problem.startswith(
        "here: the proof failed, 1 things are still broken, first layer-missing in app. Restart the registry"
    )
    assert problem.endswith("To put back what this run replaced: undo it")


def test_what_is_left_is_for_a_person():
    one = run([found()], [found()], images=[image(chosen="delete", candidates=[DELETE])], remaining=[left()])
    state, outcomes, decisions, problem = end(one)
    assert (state, outcomes, decisions) == ("broken", ["remaining"], 1)
    assert problem == """here: 1 things remain. What the plan has for them is done under approval: -e '{"approve": [delete]}'."""


def test_what_several_repositories_miss_remains_in_each():
    other = {**found(), "repository": "web"}
    images = [image(chosen="relink", why="left out"), {**image(chosen="relink", why="left out"), "repository": "web"}]
    outcome = outcome_of(run([found(), other], None, images=images))
    assert (outcome.decisions, [thing["repository"] for thing in outcome.remaining]) == (2, ["app", "web"])


def test_a_registry_that_serves_another_store_in_the_end_is_nothing_to_decide():
    differs = {"differences": [{"meaning": "other-store"}], "healthy": False}
    one = run([found()], [found()], images=[image()], remaining=[left()], proof=differs)
    assert end(one)[2:] == (
        0,
        "here: the proof failed: disk and registry differ (other-store), though no repair is left to do. See the report.",
    )


def test_a_cache_that_hides_what_is_left_is_no_failed_proof():
    differs = {"differences": [{"meaning": "stale-cache"}]}
    one = run([found()], [found()], images=[image()], remaining=[left()], proof=differs)
    assert end(one)[2:] == (1, end(one)[3])
    assert "1 things remain. Digests cannot repair them." in end(one)[3]
    assert "disk and registry differ (stale-cache)" in end(run([found()], (), proof={**differs, "healthy": False}))[3]


def test_a_step_that_failed_is_told_and_not_left_to_a_person():
    one = run([found()], [found()], images=[image("failed")], remaining=[left()], repair={"code": "apply-failed", "msg": "401"})
    assert end(one) == ("broken", ["failed"], 0, "here: 401")


def test_built_again():
    one = run([found()], (), images=[image(chosen="rebuild")], remaining=[left()], remade=[made()])
    outcome = outcome_of(one)
    assert (outcome.state, outcome.remaining) == ("proven", [])
    assert outcome.images[0]["digest_after"] == "sha256:new"


@pytest.mark.parametrize("problem", ["", "its pipelines cannot be listed"])
def test_a_tag_that_was_whole_when_its_turn_came_is_done(problem):
    images = [image(chosen="rebuild", tag="latest"), image(chosen="rebuild", tag="1.0")]
    nothing_to_do = {**made(changed=False, problem=problem), "whole": True, "way": ""}
    one = run([found("latest"), found()], (), images=images, remade=[made(["latest"], "ci"), nothing_to_do])
    assert end(one) == ("proven", ["done", "done"], 0, f"here: {problem}" if problem else "")


def test_built_again_and_something_else_went_wrong():
    one = run(
        [found()],
        (),
        images=[image(chosen="rebuild")],
        remaining=[left()],
        remade=[{**made(problem="a restart failed"), "whole": True}],
    )
    assert end(one) == ("proven", ["done"], 0, "here: a restart failed")


def test_what_was_made_for_another_tag_makes_no_image_whole():
    images = [image(chosen="reload", tag="1.0"), image(chosen="rebuild", tag="latest")]
    one = run([found("1.0", "sha256:a"), found("latest", "sha256:b")], None, images=images, remade=[made(["1.0"], "archive")])
    one = one._replace(repair={**one.repair, "remaining": [left("1.0", "sha256:a"), left("latest", "sha256:b")]})
    assert end(one)[:3] == ("untouched", ["planned", "remaining"], 1)


@pytest.mark.parametrize("problem", ["not built", ""])
def test_a_rebuild_that_made_nothing_whole(problem):
    one = run([found()], [found()], images=[image(chosen="rebuild")], remaining=[left()], remade=[made(problem=problem)])
    state, outcomes, decisions, said = end(one)
    assert (state, outcomes) == ("broken", ["failed"])
    assert (decisions, said) == (0, "here: not built" if problem else "here: app:1.0 failed: it is still broken.")


def test_check_mode_tells_what_an_approved_plan_leaves_out():
    one = run([found()], None, images=[image(chosen="relink", why="not in the plan")], repair={"recomputed": ["it is new"]})
    state, outcomes, decisions, problem = end(one)
    assert (state, outcomes, decisions) == ("untouched", ["remaining"], 1)
    assert "not in the approved plan" in problem


def test_check_mode_does_not_leave_what_is_planned():
    planned = {"plan": [{"digest": "sha256:a", "state": "planned"}]}
    one = run(
        [found(), found(digest="sha256:b")],
        None,
        images=[image(chosen="delete")],
        remaining=[left(digest="sha256:b")],
        repair=planned,
    )
    assert [thing["digest"] for thing in outcome_of(one).remaining] == ["sha256:b"]


def test_check_mode_says_what_could_not_be_looked_at():
    one = run([], None, unseen=["over HTTP: no answer"])
    assert (one.problems, end(one)) == (["over HTTP: no answer"], ("untouched", [], 0, ""))


@pytest.mark.parametrize(
    ("held", "healthy", "state"),
    [(True, True, "proven"), (True, False, "broken"), (False, True, "untouched"), (False, False, "untouched")],
)
def test_a_hold_of_an_earlier_run_goes_only_once_all_is_looked_at(held, healthy, state):
    assert end(run([], (), held=held, proof={"healthy": healthy}))[0] == state
