# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The lab's server as a process: it builds and pushes for real, keeps what it did, and can be switched while it runs."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.errors import LabError
from ansible.module_utils.registry_lab.woodpecker.building import Job, docker_builder
from ansible.module_utils.registry_lab.woodpecker.process import WoodpeckerProcess

from modules.woodpecker_pipeline.test_started import failed
from plugins.processes import processes_of
from plugins.woodpecker import WORKFLOW

TOKEN, PASSWORD = "a.token-of.dev", "hunter2-hunter2"
Made = tuple[WoodpeckerProcess, Any, dict[str, Any]]


@pytest.fixture
def made(tmp_path: Path, any_registry) -> Iterator[Made]:
    """A server that builds what pushes to a registry with TLS and a password, that registry, and the options of the module."""
    registry = any_registry(tls=True, htpasswd=("ci", PASSWORD, 4))
    checkout = tmp_path / "checkout"
    (checkout / ".woodpecker").mkdir(parents=True)
    text = WORKFLOW.replace("REGISTRY", "registry.example.com:5050")
    (checkout / ".woodpecker" / "build-ci-image.yml").write_text(text, encoding="utf-8")
    (checkout / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    reached = {
        "address": registry.address,
        "scheme": "https",
        "ca_path": registry.ca_path,
        "username": "ci",
        "password": PASSWORD,
    }
    config = {
        "users": [{"login": "dev", "token": TOKEN}, {"login": "root", "token": "a.token-of.root", "admin": True}],
        "repositories": [{"full_name": "o/infra", "folder": str(checkout), "branches": ["master"], "rights": {"dev": "push"}}],
        "builder": {"kind": "images", "registries": {"registry.example.com:5050": reached}},
    }
    process = WoodpeckerProcess(str(tmp_path / "woodpecker"), config)
    with process:
        yield process, registry, {"server": process.address, "token": TOKEN, "repository": "o/infra", "interval": 0.05}
    assert processes_of(process.folder) == []


def tags(registry: Any, run_module) -> dict[str, Any]:
    login = {"username": "ci", "password": PASSWORD, "ca_path": registry.ca_path}
    report: dict[str, Any] = run_module("registry_integrity_info", registry=registry.address, **login)
    return report


def test_what_it_builds_can_be_pulled(made: Made, run_module) -> None:
    process, registry, options = made
    wanted = [{"workflow": "build-ci-image", "step": "build-and-push"}]
    result = run_module("woodpecker_pipeline", **options, wanted=wanted)
    assert (result["pipeline"]["status"], result["wanted_reached"]) == ("success", True), result
    report = tags(registry, run_module)
    assert (report["healthy"], report["summary"]["tags"], report["summary"]["indexes"]) == (True, 2, 1), report["summary"]
    assert ("POST", "/api/repos/1/pipelines", 200) in [
        (one["method"], one["target"], one["status"]) for one in process.requests()
    ]
    assert os.stat(Path(process.folder) / "woodpecker.json").st_mode & 0o777 == 0o600


def test_a_registry_that_is_down_fails_the_step(made: Made, run_module) -> None:
    _process, registry, options = made
    registry.stop()
    result = run_module("woodpecker_pipeline", **options)
    failed(result, "pipeline-failed", "step build-and-push")
    assert "refused" in result["log"][-1]


def test_it_is_still_there_after_a_restart(made: Made, run_module) -> None:
    process, _registry, options = made
    run_module("woodpecker_pipeline", **options)
    address = process.address
    process.stop()
    failed(run_module("woodpecker_pipeline", **options), "unreachable", "gives no answer")
    process.start()
    assert process.address == address
    result = run_module("woodpecker_pipeline", **options)
    assert result["pipeline"]["number"] == 2
    assert run_module("woodpecker_pipeline", **options, state="followed", number=1)["pipeline"]["status"] == "success"


def test_it_is_switched_while_it_runs(made: Made, run_module) -> None:
    process, registry, options = made
    process.switch(agents=0)
    failed(run_module("woodpecker_pipeline", **{**options, "token": "a.token-of.root"}), "no-agent", "no agent is connected")
    process.switch(agents=1, faults=["pushes-nothing"])
    assert run_module("woodpecker_pipeline", **options)["pipeline"]["status"] == "success"
    assert tags(registry, run_module)["summary"]["tags"] == 0
    with pytest.raises(LabError, match="does not take"):
        process.switch(faults=["nonsense"])


def test_a_build_with_docker_logs_in_without_telling(tmp_path: Path, monkeypatch) -> None:
    """What the engine is asked, by a program that stands in for it: there need not be one on this machine."""
    seen = tmp_path / "seen"
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$*" >> {seen}.words\n[ "$1" = login ] && cat > {seen}.input\necho "$DOCKER_CONFIG" > {seen}.config\n'
        'echo "did $1"\n[ "$1" = login ] || [ -d "$DOCKER_CONFIG" ]\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    settings = {
        "repo": "registry.example.com:5050/infra-ci",
        "tags": ["latest", "1"],
        "context": "ci",
        "dockerfile": "ci/Dockerfile",
    }
    said: list[str] = []
    job = Job("/checkout", "o/infra", "build", "push", {"settings": settings}, {}, said.append, threading.Event())
    known = {"registry.example.com:5050": {"address": "127.0.0.1:5050", "username": "ci", "password": PASSWORD}}
    assert docker_builder(known)(job) == 0
    words = Path(f"{seen}.words").read_text(encoding="utf-8").splitlines()
    names = ["127.0.0.1:5050/infra-ci:latest", "127.0.0.1:5050/infra-ci:1"]
    assert words == [
        "login --username ci --password-stdin 127.0.0.1:5050",
        f"build --tag {names[0]} --tag {names[1]} --file /checkout/ci/Dockerfile /checkout/ci",
        *(f"push {name}" for name in names),
    ]
    assert Path(f"{seen}.input").read_text(encoding="utf-8") == PASSWORD
    assert PASSWORD not in json.dumps([words, said]) and "did push" in said
    assert not Path(Path(f"{seen}.config").read_text(encoding="utf-8").strip()).exists()
