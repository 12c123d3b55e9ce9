# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""registry_lab_scenario breaks a real registry, once, and both observers agree with its ground truth, on every registry there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.registry_lab.scenarios import SCENARIOS


def reports_of(run_module, scene):
    walks = [
        run_module("registry_integrity_info", registry=scene["address"], scheme="http", proof=proof) for proof in scene["walks"]
    ]
    return [*walks, run_module("registry_store_info", path=scene["root"], proof="content", dialect=scene["dialect"])]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_exactly_what_was_broken_is_found(run_module, lab_folder, scenario, registry_binary):
    scene = run_module("registry_lab_scenario", folder=lab_folder, scenario=scenario, binary=registry_binary)
    assert scene["changed"]
    assert len(scene["expected"]) >= 2
    verdict = run_module("registry_lab_verdict_info", expected=scene["expected"], reports=reports_of(run_module, scene))
    assert "failed" not in verdict, verdict


def test_the_verdict_fails_where_something_is_missed(run_module, lab_folder):
    scene = run_module("registry_lab_scenario", folder=lab_folder, scenario="unlinked")
    reports = reports_of(run_module, scene)
    reports[-1]["findings"].pop()
    verdict = run_module("registry_lab_verdict_info", expected=scene["expected"], reports=reports)
    assert verdict["failed"]
    assert len(verdict["misjudged"]) == 1


def test_a_lab_is_broken_once(run_module, lab_folder):
    planned = run_module("registry_lab_scenario", check=True, folder=lab_folder, scenario="unlinked")
    assert (planned["changed"], Path(lab_folder).exists()) == (True, False)
    first = run_module("registry_lab_scenario", folder=lab_folder, scenario="unlinked")
    for check in (True, False):
        again = run_module("registry_lab_scenario", check=check, folder=lab_folder, scenario="unlinked")
        assert {**again, "changed": True, "invocation": None} == {**first, "invocation": None}
    other = run_module("registry_lab_scenario", folder=lab_folder, scenario="stale-cache")
    assert "holds scenario unlinked, not stale-cache" in other["msg"]


def test_a_pull_fails_where_something_is_broken(run_module, lab_folder):
    scene = run_module("registry_lab_scenario", folder=lab_folder, scenario="damaged-blobs")
    pull = run_module("registry_lab_pull_info", registry=scene["address"], images=scene["images"])
    if pull["reason"]:
        pytest.skip(pull["reason"])
    assert pull["pulled"] == ["team/intact:1.0"]
    assert len(pull["refused"]) == len(scene["images"]) - 1


def test_without_skopeo_nothing_is_claimed(run_module, monkeypatch):
    monkeypatch.setenv("PATH", "")
    pull = run_module("registry_lab_pull_info", registry="127.0.0.1:1", images=["team/app:1.0"])
    assert (pull["pulled"], pull["reason"]) == ([], "skopeo is not installed")
