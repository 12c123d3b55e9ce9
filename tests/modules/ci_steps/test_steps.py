# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The step of every system, taken from where users take it, run against a real registry: only proof passes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.damage import damage

from contract.project import ansible_environment
from modules.ci_steps.conftest import EXAMPLE, SHA, USER, Place
from modules.ci_steps.pipelines import SYSTEMS, images_of, of_woodpecker, snippet, write
from modules.woodpecker_workflow.conftest import INCIDENT

MODULE = "the module's own"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(params=[MODULE, *SYSTEMS])
def run(request: pytest.FixtureRequest, place: Place) -> Run:
    """``run(sha=SHA, **environment)``: the step of one system, the address of the example replaced by that of the registry."""
    if request.param == MODULE:
        text, reader = request.getfixturevalue("made_by_the_module"), of_woodpecker
    else:
        text, reader = snippet(request.param), SYSTEMS[request.param][0]

    def run(sha: str = SHA, **changes: str) -> subprocess.CompletedProcess[str]:
        commands, environment = reader(text.replace(EXAMPLE, place.registry.address), sha)
        return place.run(commands, **{**environment, **changes})

    return run


@pytest.fixture
def made_by_the_module(workflow: Path, edit: Any) -> str:
    """What the module makes of the workflow of the incident."""
    assert edit(verify={"ca_path": "ci/registry-ca.pem"})["changed"]
    return workflow.read_text(encoding="utf-8")


def test_a_healthy_push_passes(run: Run) -> None:
    outcome = run()
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert USER[1] not in outcome.stdout + outcome.stderr


@pytest.mark.parametrize("kind", ["child-link-gone", "attestation-link-gone", "config-gone", "layer-gone", "layer-emptied"])
def test_what_is_missing_fails_it(run: Run, place: Place, kind: str) -> None:
    place.break_it(kind)
    outcome = run()
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert "infra-ci" in outcome.stdout


def test_a_stale_cache_that_answers_200_to_head_fails_it(run: Run, place: Place) -> None:
    assert run().returncode == 0  # which also warms the cache
    hit = damage("layer-gone", place.registry.root, "infra-ci", "latest")
    command = f"python3 ci/registry-doctor.pyz verify --proof head --registry {place.registry.address} --ca-path ci/registry-ca.pem infra-ci"
    assert place.run([command]).returncode == 0, "HEAD sees nothing"
    outcome = run()
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert hit.digest[:19] in outcome.stdout


def test_a_tag_that_never_came_fails_it(run: Run, place: Place) -> None:
    outcome = run(sha="f" * 40)
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert "ffffffff" in outcome.stdout


def test_a_registry_that_is_down_fails_it(run: Run, place: Place) -> None:
    place.registry.stop()
    assert run().returncode == 2


@pytest.mark.parametrize(
    "environment", [{"REGISTRY_PASSWORD": "letmein-letmein"}, {"REGISTRY_USERNAME": "", "REGISTRY_PASSWORD": ""}]
)
def test_credentials_that_do_not_fit_fail_it(run: Run, environment: dict[str, str]) -> None:
    outcome = run(**environment)
    assert outcome.returncode == 2
    assert "letmein" not in outcome.stdout + outcome.stderr


def test_a_certificate_of_somebody_else_fails_it(run: Run, place: Place, any_registry: Callable[..., Any]) -> None:
    other = any_registry(tls=True)
    (place.checkout / "ci" / "registry-ca.pem").write_bytes(Path(other.ca_path).read_bytes())
    assert run().returncode == 2


def test_without_registry_doctor_it_fails(run: Run, place: Place) -> None:
    (place.checkout / "ci" / "registry-doctor.pyz").unlink()
    assert run().returncode == 2


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_page_is_what_the_published_schemas_describe(system: str, tmp_path: Path) -> None:
    command = ["check-jsonschema", "--builtin-schema", SYSTEMS[system][1], str(write(tmp_path, snippet(system)))]
    outcome = subprocess.run(command, capture_output=True, text=True, env=ansible_environment(), check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_page_pins_what_it_runs(system: str) -> None:
    for image in images_of(snippet(system)):
        assert re.search(r"(?::|@v)\d+\.\d+\.\d+", image), image


def test_the_page_says_what_the_module_makes(made_by_the_module: str) -> None:
    assert of_woodpecker(made_by_the_module, SHA)[0] == of_woodpecker(snippet("Woodpecker"), SHA)[0]
    assert INCIDENT not in made_by_the_module
