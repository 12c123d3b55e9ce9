# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a checkout tells beforehand: branches, secrets, steps that are left out, and all that the server's linter refuses."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.woodpecker.api import Client
from ansible.module_utils.woodpecker.asking import secrets_of

from modules.woodpecker_pipeline.test_started import failed
from plugins.woodpecker import WORKFLOW, Woodpecker

BOTH = pytest.mark.parametrize("check", [True, False])
PUSH_ONLY = "when: {event: push}\n"


@BOTH
def test_secrets_beforehand(run_module, woodpecker: Woodpecker, check) -> None:
    taking = WORKFLOW.replace("      repo:", "      password: {from_secret: registry_password}\n      repo:")
    woodpecker.write("build-ci-image.yml", taking)
    asked = woodpecker.options(path=woodpecker.repository.folder)
    woodpecker.repository.secrets = [{"name": "registry_password", "events": ["push"]}]
    result = run_module("woodpecker_pipeline", check=check, **asked)
    failed(result, "secret-not-manual", "secret registry_password of step build-and-push is only for push")
    asked["token"] = "a.token-of.root"  # who may see those of the organisation too
    woodpecker.repository.secrets = []
    failed(run_module("woodpecker_pipeline", check=check, **asked), "cannot-run", "is not there for this repository")
    assert woodpecker.posts() == []


@BOTH
@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"branch": "feature"}, "filtered", "no workflow takes a manual run of branch feature"),
        ({"wanted": [{"workflow": "other"}]}, "wanted-missing", "workflow other is in no workflow that takes"),
        ({"wanted": [{"step": "sign"}]}, "wanted-missing", "There are workflows build-ci-image"),
    ],
)
def test_the_checkout_beforehand(run_module, woodpecker: Woodpecker, check, change, code, said) -> None:
    result = run_module("woodpecker_pipeline", check=check, **woodpecker.options(path=woodpecker.repository.folder, **change))
    failed(result, code, said)
    assert woodpecker.posts() == []


def test_no_checkout(run_module, woodpecker: Woodpecker, tmp_path) -> None:
    result = run_module("woodpecker_pipeline", **woodpecker.options(path=str(tmp_path / "nowhere")))
    failed(result, "bad-input", "has no workflow files", ".woodpecker")


@BOTH
@pytest.mark.parametrize("when", ["{event: push}", "{event: manual, branch: feature}"])
def test_a_wanted_step_that_a_manual_run_leaves_out(run_module, woodpecker: Woodpecker, check, when) -> None:
    woodpecker.write("build-ci-image.yml", WORKFLOW.replace("    settings:", f"    when: {when}\n    settings:"))
    asked = woodpecker.options(path=woodpecker.repository.folder, wanted=[{"step": "build-and-push"}])
    result = run_module("woodpecker_pipeline", check=check, **asked)
    failed(result, "wanted-missing", "a manual run of branch master leaves out step build-and-push, by the when of the step")
    assert woodpecker.posts() == []


@BOTH
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("steps: [{name: a, commands: [date]}]", "step a has no image"),
        ("steps: [{name: a, image: x:1}]\nservices: [{name: b, image: ''}]", "service b has no image"),
        ("steps: [{name: a, image: x:1, commands: [date], settings: {b: c}}]", "step a has both commands and settings"),
        ("steps: [{name: a, image: x:1, depends_on: [gone]}]", "step a waits for gone, which is not there"),
        ("steps: [{name: a, image: x:1, privileged: true}]", "step a uses privileged"),
    ],
)
def test_a_fault_of_a_file_that_no_manual_run_takes(run_module, woodpecker: Woodpecker, check, fault, said) -> None:
    """The server refuses all files for a fault of one."""
    woodpecker.write("push.yml", f"{PUSH_ONLY}{fault}\n")
    result = run_module("woodpecker_pipeline", check=check, **woodpecker.options(path=woodpecker.repository.folder))
    failed(result, "cannot-run", "push.yml", said)
    assert woodpecker.posts() == []


def test_a_plugin_of_a_file_that_no_manual_run_takes(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.write("push.yml", f"{PUSH_ONLY}steps: [{{name: a, image: plugins/docker, settings: {{repo: x/y}}}}]\n")
    asked = woodpecker.options(path=woodpecker.repository.folder)
    failed(run_module("woodpecker_pipeline", **asked), "pipeline-error", "formerly privileged plugin `plugins/docker`")
    result = run_module("woodpecker_pipeline", **asked)
    failed(result, "cannot-run", "push.yml", "step a uses plugins/docker, which this server refused", "let it take any pipeline")
    assert len(woodpecker.posts()) == 1


@pytest.mark.parametrize(
    ("version", "ran", "warned"), [("3.17.0", False, True), ("3.17.0", True, False), ("2.4.0", False, False)]
)
def test_plugins_are_warned_of_until_the_server_took_some_pipeline(run_module, start_woodpecker, version, ran, warned) -> None:
    server = start_woodpecker(version)
    server.write("push.yml", f"{PUSH_ONLY}steps: [{{name: a, image: plugins/docker:1, settings: {{repo: x/y}}}}]\n")
    server.world.privileged_plugins.append("plugins/docker")
    if ran:
        server.wait_for(server.create(), "success")
    result = run_module("woodpecker_pipeline", check=True, **server.options(path=server.repository.folder))
    said = "step a uses plugins/docker:1: Woodpecker 3 refuses all workflows of a repository for that"
    assert (said in json.dumps(result.get("warnings"))) == warned, result


def test_secrets_that_an_old_server_has_no_list_of(woodpecker: Woodpecker) -> None:
    """Without the number of the organisation there is nothing to ask for; its web page is no list of secrets either."""
    client = Client(woodpecker.server.address, "a.token-of.root")
    assert secrets_of(client, {"id": 1, "org_id": 1}).complete is True
    assert secrets_of(client, {"id": 1}).complete is False
    assert not woodpecker.asked("None")
    assert secrets_of(client, {"id": 1, "org_id": "somebody"}).complete is False
