# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""container_images_info against a real Docker engine and a real registry; and command lines that tell nothing."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.container_images import images_in_use, summarize, uses_of
from ansible.module_utils.oci_registry.errors import CommandFailed
from ansible.module_utils.testing import patch_module_args
from ansible.modules import container_images_info

Look = Callable[..., dict[str, Any]]


def docker(*arguments: str, **options: Any) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True, **options).stdout.strip()


@pytest.fixture
def look(capsys: pytest.CaptureFixture[str]) -> Look:
    """``look(**options)``: the module's result as JSON, ``failed`` included."""

    def run(**options: Any) -> dict[str, Any]:
        capsys.readouterr()
        with patch_module_args(options), pytest.raises(SystemExit):
            container_images_info.main()
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def container(any_registry, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """(name, reference) of a container whose image was pushed to a registry."""
    busybox = shutil.which("busybox")
    if busybox is None or subprocess.run(["docker", "version"], capture_output=True, check=False).returncode:
        pytest.skip("needs a Docker engine and busybox")
    shutil.copy(busybox, tmp_path / "busybox")
    (tmp_path / "Dockerfile").write_text('FROM scratch\nCOPY busybox /busybox\nENTRYPOINT ["/busybox", "sleep", "600"]\n')
    reference, name = f"{any_registry().address}/team/app:v1", f"in-use-{secrets.token_hex(4)}"
    docker("build", "--tag", reference, str(tmp_path), env={**os.environ, "DOCKER_BUILDKIT": "0"})
    try:
        docker("push", reference)
        docker("run", "--detach", "--network", "none", "--name", name, reference)
        yield name, reference
    finally:
        subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=False)
        subprocess.run(["docker", "rmi", "--force", reference], capture_output=True, check=False)


def test_what_runs_and_what_stopped(container, look):
    name, reference = container
    pushed = docker("inspect", "--format", "{{index .RepoDigests 0}}", reference).partition("@")[2]
    found = look(engines=["docker"])
    (record,) = [item for item in found["containers"] if item["name"] == name]
    assert (record["image"], record["references"], record["digests"]) == (reference, [reference], [pushed])
    assert pushed in found["digests"] and reference in found["references"]
    assert not found["changed"]
    docker("kill", name)
    assert name not in [item["name"] for item in look()["containers"]]
    assert name in [item["name"] for item in look(stopped=True)["containers"]]


def test_a_container_made_from_an_identifier(container, look):
    """The reference that it was made from is none, but the image still has its digest."""
    name, reference = container
    identifier = docker("inspect", "--format", "{{.Id}}", reference)
    docker("rm", "--force", name)
    docker("run", "--detach", "--network", "none", "--name", name, identifier[7:19])
    (record,) = [item for item in look(engines=["docker"])["containers"] if item["name"] == name]
    assert record["references"] == [reference]
    assert len(record["digests"]) == 1


def test_no_engine(look, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = look(engines=["podman"])
    assert result["code"] == "bad-input"
    assert "podman" in result["msg"]


def test_an_engine_that_does_not_answer(look, monkeypatch):
    if shutil.which("docker") is None:
        pytest.skip("needs a docker command")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    result = look(engines=["docker"])
    assert result["code"] == "command-failed"
    assert "docker ps" in result["msg"]


CONTAINER = {"Id": "c1", "Name": "/app", "Image": "sha256:aa", "Config": {"Image": "host/app:1"}}


def scripted(*answers: tuple[int, str, str]) -> Callable[[list[str]], tuple[int, str, str]]:
    """A command line that gives these answers, one after the other."""
    waiting = iter(answers)
    return lambda _command: next(waiting)


def test_a_container_that_ends_meanwhile_and_an_image_that_was_removed():
    run = scripted(
        (0, "c1\nc2\n", ""),
        (1, json.dumps([CONTAINER]), "Error: No such container: c2"),
        (0, "c1\n", ""),
        (1, "[]", "Error: No such image: sha256:aa"),
    )
    (record,) = images_in_use(run, "docker", stopped=False)
    assert summarize([record]) == {"digests": [], "references": ["host/app:1"]}


def test_what_podman_says():
    digest = "sha256:" + "1" * 64
    container = {"Id": "c1", "Name": "app", "Image": "aa", "ImageName": "host/app:1", "ImageDigest": digest, "Config": {}}
    image = {"Id": "aa", "RepoDigests": [f"host/app@{digest}"], "RepoTags": ["host/app:1", "<none>:<none>"], "Digest": digest}
    run = scripted((0, "c1", ""), (0, json.dumps([container]), ""), (0, json.dumps([image]), ""))
    assert summarize(images_in_use(run, "podman", stopped=True)) == {"digests": [digest], "references": ["host/app:1"]}


def test_containers_as_uses():
    """By the reference that a container was made from, or else by each of its image; the identifier of the image is a digest of its own."""
    digest = "sha256:" + "1" * 64
    record = {"engine": "docker", "id": "c1" * 32, "name": "app", "image": "h/app:1", "image_id": "2" * 64, "digests": [digest]}
    named = uses_of([{**record, "references": ["h/app:1", "h/app:2"]}], "host-1")
    assert [(one["reference"], one["host"], one["name"], one["digests"]) for one in named] == [
        ("h/app:1", "host-1", "app", [digest, f"sha256:{'2' * 64}"])
    ]
    others = uses_of(
        [{**record, "image": "222222222222", "references": references} for references in (["a:1", "a:2"], [])], "host-1"
    )
    assert [one["reference"] for one in others] == ["a:1", "a:2", ""]


@pytest.mark.parametrize(
    "answers",
    [
        [(1, "", "permission denied")],
        [(0, "c1", ""), (1, "[]", "Cannot connect to the Docker daemon")],
        [(0, "c1", ""), (0, "no JSON", "")],
        [(0, "c1", ""), (0, "[{}]", "")],
        [(0, "c1", ""), (0, json.dumps([CONTAINER]), ""), (1, "[]", "Cannot connect to the Docker daemon")],
        [(0, "c1", ""), (0, "[]", ""), (0, "c1", "")] * 3,
    ],
)
def test_what_is_no_answer_is_not_taken_for_none(answers):
    with pytest.raises(CommandFailed):
        images_in_use(scripted(*answers), "docker", stopped=False)
