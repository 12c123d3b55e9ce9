# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""registry_lab_scenario breaks a real registry, once, and both observers agree with its ground truth, on every registry there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.registry_lab.scenarios import SCENARIOS


def reports_of(run, scene):
    walks = [run("registry_integrity_info", registry=scene["address"], scheme="http", proof=proof) for proof in scene["walks"]]
    return [*walks, run("registry_store_info", path=scene["root"], proof="content", dialect=scene["dialect"])]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_exactly_what_was_broken_is_found(run, folder, scenario, registry_binary):
    scene = run("registry_lab_scenario", folder=folder, scenario=scenario, binary=registry_binary)
    assert scene["changed"]
    assert len(scene["expected"]) >= 2
    verdict = run("registry_lab_verdict_info", expected=scene["expected"], reports=reports_of(run, scene))
    assert "failed" not in verdict, verdict


def test_the_verdict_fails_where_something_is_missed(run, folder):
    scene = run("registry_lab_scenario", folder=folder, scenario="unlinked")
    reports = reports_of(run, scene)
    reports[-1]["findings"].pop()
    verdict = run("registry_lab_verdict_info", expected=scene["expected"], reports=reports)
    assert verdict["failed"]
    assert len(verdict["misjudged"]) == 1


def test_a_lab_is_broken_once(run, folder):
    planned = run("registry_lab_scenario", check=True, folder=folder, scenario="unlinked")
    assert (planned["changed"], Path(folder).exists()) == (True, False)
    first = run("registry_lab_scenario", folder=folder, scenario="unlinked")
    for check in (True, False):
        again = run("registry_lab_scenario", check=check, folder=folder, scenario="unlinked")
        assert {**again, "changed": True, "invocation": None} == {**first, "invocation": None}
    other = run("registry_lab_scenario", folder=folder, scenario="stale-cache")
    assert "holds scenario unlinked, not stale-cache" in other["msg"]


def test_a_pull_fails_where_something_is_broken(run, folder):
    scene = run("registry_lab_scenario", folder=folder, scenario="damaged-blobs")
    pull = run("registry_lab_pull_info", registry=scene["address"], images=scene["images"])
    if pull["reason"]:
        pytest.skip(pull["reason"])
    assert pull["pulled"] == ["team/intact:1.0"]
    assert len(pull["refused"]) == len(scene["images"]) - 1


def test_without_skopeo_nothing_is_claimed(run, monkeypatch):
    monkeypatch.setenv("PATH", "")
    pull = run("registry_lab_pull_info", registry="127.0.0.1:1", images=["team/app:1.0"])
    assert (pull["pulled"], pull["reason"]) == ([], "skopeo is not installed")
