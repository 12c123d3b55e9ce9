# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""recover.yml: the plan in check mode, the repair, the proof, and what is said where something remains."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CONTENT = {"recover_proof": "content", "recover_disk_proof": "content"}


def steps_of(outcome):
    return outcome.report["results"][0]["steps"]


def brief(step):
    return step["action"], step["repository"], step["digest"], step["way"]


def test_check_do_do_again(lab, play):
    broken = lab("damaged-blobs")
    variables = broken.variables(**CONTENT)
    before = broken.state()
    planned = play("recover", variables, check=True)
    assert (planned.rc, planned.changed) == (0, 1), planned.stdout
    assert broken.state() == before
    assert {step["state"] for step in steps_of(planned)} == {"planned"}

    done = play("recover", variables)
    assert done.rc == 0, done.stdout
    assert done.report["results"][0]["changed"]
    assert done.report["results"][0]["findings"] == []
    assert [brief(step) for step in steps_of(done)] == [brief(step) for step in steps_of(planned)]
    assert broken.state() != before

    after = broken.state()
    again = play("recover", variables)
    assert (again.rc, again.changed) == (0, 0), again.stdout
    assert broken.state() == after


def test_what_only_the_stronger_proof_of_one_observer_saw_is_repaired_too(lab, play):
    broken = lab("damaged-blobs")
    outcome = play("recover", broken.variables(recover_proof="content", recover_disk_proof="sizes"))
    assert outcome.rc == 0, outcome.stdout
    assert {step["digest"] for step in steps_of(outcome)} == {lost["digest"] for lost in broken.truth["expected"]}
    assert play("verify", broken.variables(verify_proof="content")).rc == 0


def test_the_registry_is_restarted_no_more_often_than_the_plan_says(lab, play, tmp_path):
    broken, count = lab("damaged-blobs"), tmp_path / "restarts"
    for command in broken.truth["restart_commands"]:  # so that no cache is in the way of the repair
        subprocess.run(command, check=True)
    commands = [*broken.truth["restart_commands"], ["/bin/sh", "-c", f"echo restarted >> {count}"]]
    outcome = play("recover", broken.variables(registry_restart_commands=commands))
    assert outcome.rc == 0, outcome.stdout
    assert count.read_text(encoding="utf-8").splitlines() == ["restarted"], "files were replaced: once, after the repair"


def test_it_writes_to_no_registry_that_serves_another_store(lab, play, any_registry):
    broken, other = lab("unlinked"), any_registry()
    before = broken.state()
    outcome = play("recover", broken.variables(registry_address=other.address))
    assert outcome.rc == 2
    assert len(outcome.failures) == 1
    assert f"{other.address} does not serve {broken.root}" in outcome.failures[0]
    assert broken.state() == before
    assert "method=P" not in Path(other.log_path).read_text(encoding="utf-8")


def test_without_a_source_it_fails_and_names_what_remains(lab, play):
    broken = lab("damaged-blobs")
    outcome = play("recover", broken.variables(registry_sources=[]))
    assert outcome.rc == 2
    assert (outcome.findings, outcome.remaining) == (0, 3), "a decision is wanted, and nothing went wrong"
    assert len(outcome.failures) == 1
    assert "3 things remain" in outcome.failures[0]
    for lost in broken.truth["expected"]:
        if lost["code"] != "blob-corrupt":  # not to be seen with the proof that is the default
            assert lost["digest"] in outcome.text


def test_what_is_not_in_the_approved_plan_is_left_and_the_store_stays_held(lab, play, tmp_path):
    broken = lab("damaged-blobs")
    planned = play("recover", broken.variables(), check=True)
    assert planned.rc == 0, planned.stdout
    plan = {"registries": [{"name": broken.truth["address"], "steps": steps_of(planned)[:1]}]}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    done = play("recover", broken.variables(recover_plan=str(path)))
    assert (done.rc, done.findings) == (2, 0)
    assert done.remaining == len(steps_of(planned)) - 1
    assert [brief(step) for step in steps_of(done)] == [brief(step) for step in steps_of(planned)[:1]]
    assert "not in the plan that was approved" in done.text
    hold = broken.root / ".registry-runbooks" / "hold.json"
    assert hold.exists()

    finished = play("recover", broken.variables())
    assert finished.rc == 0, finished.stdout
    assert not hold.exists()

    plan["registries"][0]["name"] = "registry.example.com"
    path.write_text(json.dumps(plan), encoding="utf-8")
    refused = play("recover", broken.variables(recover_plan=str(path)))
    assert len(refused.failures) == 1 and "plans nothing for" in refused.failures[0]


def test_what_was_proposed_without_approval_can_be_approved_as_it_stands(lab, play, tmp_path):
    broken = lab("damaged-blobs")
    lost = broken.truth["expected"][0]
    image = f"{lost['repository']}:{lost['tags'][0]}"
    variables = broken.variables(registry_sources=[], recover_delete=[image])
    steps = steps_of(play("recover", variables, check=True))
    assert [step["state"] for step in steps if step["action"] == "delete"] == ["remaining"]
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({"registries": [{"name": broken.truth["address"], "steps": steps}]}), encoding="utf-8")
    done = play("recover", {**variables, "recover_plan": str(path), "approve": ["delete"]})
    assert [step["state"] for step in steps_of(done) if step["action"] == "delete"] == ["done"]
    assert "not in the plan" not in done.text


def test_a_run_that_was_killed_leaves_the_store_held_and_the_next_one_ends_it(lab, play):
    broken = lab("damaged-blobs")
    hold = broken.root / ".registry-runbooks" / "hold.json"
    kill = f"import json, os; os.kill(json.load(open({str(hold)!r}))['holders'][0]['pid'], 9)"
    killed = play("recover", broken.variables(registry_restart_commands=[[sys.executable, "-c", kill]]))
    assert (killed.report, hold.exists()) == ({}, True), killed.stdout
    done = play("recover", broken.variables())
    assert done.rc == 0, done.stdout
    assert not hold.exists()


def test_nothing_unknown_can_be_approved(play):
    outcome = play("recover", {"target": "localhost", "approve": ["rebuid"]})
    assert outcome.failures == [
        "There is nothing called rebuid to approve. There are quarantine, remove-link, repoint, rebuild, delete, restart-pipelines."
    ]


@pytest.mark.parametrize("wrong", ["rebuild", True, {"rebuild": True}])
def test_what_is_approved_is_a_list(play, wrong):
    said = """approve is a list, as in -e '{"approve": ["rebuild"]}'."""
    assert play("recover", {"target": "localhost", "approve": wrong}).failures == [said]


def test_what_the_inventory_approves_is_a_list(play, tmp_path):
    registry = {"ansible_connection": "local", "registry_store_path": str(tmp_path), "recover_approve": "rebuild"}
    (tmp_path / "hosts.yml").write_text(json.dumps({"all": {"hosts": {"one": registry}}}), encoding="utf-8")
    failures = play("recover", {"target": "one"}, inventory=tmp_path / "hosts.yml").failures
    assert len(failures) == 1 and failures[0].startswith("approve is a list")


def test_a_failed_proof_says_how_to_undo_and_undo_works(lab, play):
    broken = lab("damaged-blobs")
    victim = next(path for path in sorted(broken.root.glob("**/blobs/sha256/*/*/data")) if path.stat().st_size > 0)
    spoil = ["/bin/sh", "-c", f": > {victim}"]
    commands = [*broken.truth["restart_commands"], spoil]
    outcome = play("recover", broken.variables(registry_restart_commands=commands))
    assert outcome.rc == 2
    assert "the proof failed" in outcome.failures[0]
    run_id = outcome.report["results"][0]["run_id"]
    assert f"-e target=localhost -e recover_undo={run_id}" in outcome.failures[0]

    undone = play("recover", broken.variables(recover_undo=run_id))
    digests = {finding["digest"] for finding in undone.report["results"][0]["findings"]}
    replaced = {lost["digest"] for lost in broken.truth["expected"] if lost["state"] == "truncated"}
    assert undone.rc == 2  # what was broken before is broken again, and said so
    assert replaced <= digests


def test_it_wants_to_be_told_what_to_repair(play):
    outcome = play("recover", {})
    assert outcome.rc == 2
    assert outcome.failures == ["Name the registry to repair, as in the inventory: -e target=registry-private"]
