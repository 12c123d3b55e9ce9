# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""diagnose.yml: both observers, held against each other, with the repair that the plan has; reads only."""

from __future__ import annotations

import subprocess

import pytest
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.process import RegistryProcess


def result_of(outcome):
    return outcome.report["results"][0]


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
def test_it_names_everything_with_its_state_and_repair_and_changes_nothing(lab, play, check):
    broken = lab("orphan-index")
    before = broken.state()
    outcome = play("diagnose", broken.variables(), check=check)
    assert (outcome.rc, outcome.changed) == (2, 0)
    assert broken.state() == before
    found = {(one["digest"], one["state"]) for one in result_of(outcome)["findings"] if one["severity"] != "info"}
    assert found == {(one["digest"], one["state"]) for one in broken.truth["expected"]}
    heading = outcome.text[outcome.text.index("IMAGE") :]
    columns = ["IMAGE", "PLATFORM", "MISSING OR DAMAGED", "STATE", "CHEAPEST SOUND REPAIR"]
    assert sorted(columns, key=heading.index) == columns
    assert f"restore from registry {broken.truth['sources'][0]['registry']} (api), then relink (api)" in outcome.text


def test_a_stale_cache_is_reported(lab, play):
    broken = lab("stale-cache")
    outcome = play("diagnose", broken.variables(diagnose_proof="head"))
    differences = result_of(outcome)["differences"]
    assert {one["digest"] for one in differences} == {one["digest"] for one in broken.truth["expected"]}
    assert {(one["http"], one["meaning"]) for one in differences} == {("healthy", "stale-cache")}
    assert "STALE-CACHE" in outcome.text
    assert "gone (a cache hides it)" in outcome.text


def test_another_store_behind_the_address_is_reported(lab, play, any_registry):
    broken = lab("unlinked")
    outcome = play("diagnose", broken.variables(registry_address=any_registry().address))
    assert outcome.rc == 2
    assert {one["meaning"] for one in result_of(outcome)["differences"]} >= {"other-store"}


def test_the_disk_alone_will_do_and_the_missing_half_is_said(lab, play):
    broken = lab("unlinked")
    RegistryProcess.attach(broken.truth["folder"] + "/registry").stop()
    outcome = play("diagnose", broken.variables())
    assert outcome.rc == 2
    assert outcome.findings is None  # could not look at everything, which is no verdict
    assert "connection refused" in outcome.failures[-1]
    assert len(result_of(outcome)["findings"]) == len(broken.truth["expected"])


def test_http_alone_will_do(lab, play):
    broken = lab("unlinked")
    outcome = play("diagnose", broken.variables(registry_store_path=""))
    assert (outcome.rc, outcome.findings) == (2, len(broken.truth["expected"]))
    assert {one["state"] for one in result_of(outcome)["findings"]} == {"unknown"}


@pytest.mark.parametrize("mode", ["cache", "auto"])
def test_a_pull_through_cache_is_never_walked(lab, play, mode):
    broken = lab("unlinked")
    (broken.root / "scheduler-state.json").write_text("{}", encoding="utf-8")  # what only a cache keeps
    damage("layer-emptied", str(broken.root), "team/app", "latest")
    requests = broken.writes(), _requests(broken)
    outcome = play("diagnose", broken.variables(registry_store_mode=mode))
    assert (broken.writes(), _requests(broken)) == requests
    assert {one["code"] for one in result_of(outcome)["findings"]} >= {"blob-truncated"}


def _requests(broken):
    command = ["grep", "-c", "response completed", broken.truth["log"]]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_it_tells_who_uses_what_is_broken_and_how_it_can_be_made_again(lab, play, cluster_with):
    broken = lab("orphan-index")
    cluster = cluster_with(f"{broken.truth['address']}/team/app:latest")
    builds = [
        {"image": "team/app", "tags": ["latest"], "vm": {"git": "https://somebody:secret@git.example.com/app.git", "ref": "main"}}
    ]
    known = {"impact_manifests": [cluster], "image_builds": builds, "registry_sources": []}
    outcome = play("diagnose", broken.variables(**known))
    result = result_of(outcome)
    latest = next(image for image in result["images"] if (image["repository"], image["tag"]) == ("team/app", "latest"))
    assert latest["in_use"]
    assert result["images"][0] == latest
    assert latest["chosen"] == "rebuild"
    assert "rebuild (vm, needs approval)" in outcome.text
    assert "web" in outcome.text
    assert "secret" not in outcome.text
