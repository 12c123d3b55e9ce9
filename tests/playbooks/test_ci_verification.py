# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The role ci_verification on a checkout: check, do, check again, do again; and what it leaves there works."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from contract.project import ROOT, ansible_environment
from modules.ci_steps.conftest import SHA, place
from modules.ci_steps.pipelines import Reader, of_actions, of_gitlab, of_woodpecker
from modules.woodpecker_workflow.conftest import INCIDENT

__all__ = ["place"]

SYSTEMS: dict[str, tuple[str, Reader, str]] = {
    "github": (".github/workflows/verify-integrity.yml", of_actions, "vendor.github-workflows"),
    "forgejo": (".forgejo/workflows/verify-integrity.yml", of_actions, "vendor.github-workflows"),
    "gitlab": ("ci/verify-integrity.gitlab-ci.yml", of_gitlab, "vendor.gitlab-ci"),
}
COMMIT = {"github": "$GITHUB_SHA", "forgejo": "$GITHUB_SHA", "gitlab": "$CI_COMMIT_SHA"}


class Outcome(NamedTuple):
    """How a run ended."""

    rc: int
    changed: int
    text: str


Apply = Callable[..., Outcome]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the workflow of the incident and nothing of ours."""
    path = tmp_path / "repository"
    (path / ".woodpecker").mkdir(parents=True)
    (path / ".woodpecker" / "build.yml").write_text(INCIDENT, encoding="utf-8")
    return path


@pytest.fixture
def apply(checkout: Path, tmp_path: Path) -> Apply:
    """``apply(check=False, **inputs)``: the role, its inputs without their prefix."""

    def run(check: bool = False, **inputs: Any) -> Outcome:
        given = {"checkout": str(checkout), "source": str(ROOT), **inputs}
        role = {"role": "ci_verification", **{f"ci_verification_{name}": value for name, value in given.items()}}
        playbook = tmp_path / "apply.yml"
        playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "roles": [role]}]), encoding="utf-8")
        command = ["ansible-playbook", "-i", str(ROOT / "inventory" / "lab"), str(playbook), *["--check"] * check, "--diff"]
        outcome = subprocess.run(command, capture_output=True, text=True, env=ansible_environment(), cwd=ROOT, check=False)
        changed = re.search(r"changed=(\d+)", outcome.stdout)
        return Outcome(outcome.returncode, int(changed[1]) if changed else -1, outcome.stdout + outcome.stderr)

    return run


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def cycle(checkout: Path, apply: Apply, **inputs: Any) -> None:
    """Check changes nothing and says that it would; a second run changes nothing."""
    before = files_of(checkout)
    predicted = apply(check=True, **inputs)
    assert (predicted.rc, predicted.changed > 0) == (0, True), predicted.text
    assert files_of(checkout) == before
    done = apply(**inputs)
    assert (done.rc, done.changed > 0) == (0, True), done.text
    after = files_of(checkout)
    for check in (True, False):
        again = apply(check=check, **inputs)
        assert (again.rc, again.changed) == (0, 0), again.text
    assert files_of(checkout) == after


def test_woodpecker(checkout, apply, place):
    inputs = {
        "file": ".woodpecker/build.yml",
        "branches": ["master"],
        "registry": place.registry.address,
        "ca_file": place.registry.ca_path,
        "secrets": {"webhook": "slack_webhook"},
    }
    cycle(checkout, apply, **inputs)
    assert sorted(files_of(checkout)) == [".woodpecker/build.yml", "ci/registry-ca.pem", "ci/registry-doctor.pyz"]
    assert (checkout / "ci" / "registry-doctor.pyz").stat().st_size < 200_000
    commands, environment = of_woodpecker((checkout / ".woodpecker" / "build.yml").read_text(encoding="utf-8"), SHA)
    here = place._replace(checkout=checkout)
    assert here.run(commands, **environment).returncode == 0
    here.break_it("child-link-gone")
    assert here.run(commands, **environment).returncode == 1


@pytest.mark.parametrize("system", SYSTEMS)
def test_other_systems(checkout, apply, place, system):
    path, reader, schema = SYSTEMS[system]
    images = ["infra-ci:latest", f"infra-ci:{COMMIT[system]}"]
    inputs = {"system": system, "registry": place.registry.address, "images": images, "ca_file": place.registry.ca_path}
    if system == "forgejo":  # its file is made like that of github
        assert apply(**inputs).rc == 0
    else:
        cycle(checkout, apply, **inputs)
    command = ["check-jsonschema", "--builtin-schema", schema, str(checkout / path)]
    outcome = subprocess.run(command, capture_output=True, text=True, env=ansible_environment(), check=False)
    assert outcome.returncode == 0, outcome.stdout
    commands, environment = reader((checkout / path).read_text(encoding="utf-8"), SHA)
    here = place._replace(checkout=checkout)
    assert here.run(commands, **environment).returncode == 0
    here.break_it("layer-gone")
    assert here.run(commands, **environment).returncode == 1


def test_names_of_secrets_and_of_the_job(checkout, apply):
    inputs = {"registry": "registry.example.com", "images": ["app:1"], "secrets": {"username": "R_USER", "password": "R_PASS"}}
    assert apply(system="gitlab", push_step="build", **inputs).rc == 0
    job = yaml.safe_load((checkout / "ci" / "verify-integrity.gitlab-ci.yml").read_text(encoding="utf-8"))["verify-integrity"]
    assert job["variables"] == {"REGISTRY_USERNAME": "$R_USER", "REGISTRY_PASSWORD": "$R_PASS"}
    assert job["needs"] == [{"job": "build", "optional": True}]
    assert (job["stage"], job["rules"]) == (".post", [{"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"}])
    assert apply(system="github", file="verify.yml", **inputs).rc == 0
    text = (checkout / "verify.yml").read_text(encoding="utf-8")
    assert "REGISTRY_USERNAME: ${{ secrets.R_USER }}" in text and "REGISTRY_PASSWORD: ${{ secrets.R_PASS }}" in text


def test_branches_and_the_stage_of_gitlab(checkout, apply):
    inputs = {"system": "gitlab", "registry": "registry.example.com", "images": ["app:1"], "branches": ["main", "release/1.*"]}
    assert apply(**inputs, step="prove", stage="verify").rc == 0
    path = checkout / "ci" / "verify-integrity.gitlab-ci.yml"
    job = yaml.safe_load(path.read_text(encoding="utf-8"))["prove"]
    assert "needs" not in job
    assert job["stage"] == "verify"
    assert [rule["if"] for rule in job["rules"]] == ['$CI_COMMIT_BRANCH == "main"', r"$CI_COMMIT_BRANCH =~ /^release\/1\..*$/"]
    command = ["check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(path)]
    outcome = subprocess.run(command, capture_output=True, text=True, env=ansible_environment(), check=False)
    assert outcome.returncode == 0, outcome.stdout


def test_a_step_of_somebodys_own_keeps_its_name(checkout, apply):
    workflow = checkout / ".woodpecker" / "build.yml"
    own = INCIDENT.replace("name: slack", "name: notify")
    workflow.write_text(
        own.replace("curlimages/curl", "deblan/email").replace("curl -s", "mail").replace("SLACK", "M"), encoding="utf-8"
    )
    inputs = {"file": ".woodpecker/build.yml", "branches": ["master"], "secrets": {"webhook": "slack_webhook"}}
    assert (
        "step notify is there, does something else, and would be replaced. Give notify.step another name" in apply(**inputs).text
    )
    assert apply(**inputs, notify_step="told", step="prove").rc == 0
    steps = [step["name"] for step in yaml.safe_load(workflow.read_text(encoding="utf-8"))["steps"]]
    assert steps == ["build-and-push", "prove", "verify-integrity", "notify", "told"]


@pytest.mark.parametrize(
    ("plugins", "of_all", "rc"),
    [(["woodpeckerci/plugin-docker-buildx"], [], 0), ([], None, 2), (None, None, 0), (None, [], 2)],
    ids=["its own", "none", "unknown", "none for all"],
)
def test_as_one_of_many_checkouts(checkout, tmp_path, plugins, of_all, rc):
    one = {"checkout": str(checkout), "file": ".woodpecker/build.yml", "branches": ["master"], "privileged_plugins": plugins}
    one = {key: value for key, value in one.items() if value is not None}
    tasks = [{"ansible.builtin.include_tasks": str(ROOT / "playbooks" / "tasks" / "ci.yml")}]
    play = {"hosts": "localhost", "gather_facts": False, "tasks": tasks}
    play["vars"] = {"__detect_checkout": one, "ci_verification_source": str(ROOT)}
    playbook = tmp_path / "many.yml"
    playbook.write_text(yaml.safe_dump([play]), encoding="utf-8")
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = {**local, **({} if of_all is None else {"ci_verification_privileged_plugins": of_all})}
    inventory = tmp_path / "hosts.json"
    inventory.write_text(json.dumps({"all": {"hosts": {"localhost": hosts}}}), encoding="utf-8")
    command = ["ansible-playbook", "-i", str(inventory), str(playbook), "--check"]
    outcome = subprocess.run(command, capture_output=True, text=True, env=ansible_environment(), cwd=ROOT, check=False)
    assert outcome.returncode == rc, outcome.stdout + outcome.stderr
    assert ("none of the privileged plugins" in outcome.stdout) == (rc == 2)
    assert ("say with privileged_plugins what it names" in outcome.stdout + outcome.stderr) == (
        plugins is None and of_all is None
    )


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"checkout": "/nowhere/at-all"}, "/nowhere/at-all: there is no such folder"),
        ({}, "Nothing says which workflow is meant"),
        ({"system": "gitlab"}, "Nothing says what is to be proven"),
        ({"system": "gitlab", "registry": "r.example.com", "images": ["app:1;id"]}, "app:1;id cannot be written in a command"),
        (
            {"system": "gitlab", "registry": "r.example.com", "images": ["app:1"], "branches": ['x" || "1']},
            "cannot be written in a rule",
        ),
        ({"file": ".woodpecker/build.yml", "image": "python:3"}, "python:3 floats"),
        ({"file": ".woodpecker/nothing.yml"}, "cannot be read (No such file or directory)"),
    ],
)
def test_bad_input(checkout, apply, inputs, said):
    outcome = apply(**inputs)
    assert outcome.rc == 2
    assert said in outcome.text
    assert (checkout / ".woodpecker" / "build.yml").read_text(encoding="utf-8") == INCIDENT
    assert "Traceback" not in outcome.text


def test_check_mode_says_exactly_what_a_run_does(checkout, apply):
    (checkout / "ci").mkdir()
    predicted, done = (apply(check=check, file=".woodpecker/build.yml", branches=["master"]) for check in (True, False))
    assert (predicted.rc, predicted.changed) == (done.rc, done.changed) == (0, 2)
    assert os.access(checkout / "ci" / "registry-doctor.pyz", os.X_OK)
