# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The CronJob's container under a real engine: the same image, command, user, mounts and limits as its manifest says."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modules.probe.conftest import Pushgateway, pushgateway  # noqa: F401
from playbooks import manifests, python_image
from playbooks.probing import PlayRole, play_role  # noqa: F401
from plugins.vm import RunningVm

pytestmark = pytest.mark.slow


@pytest.fixture
def image(vm_lab: RunningVm) -> Any:
    """Name of an image with Python in the lab's engine."""
    docker = vm_lab.parts.docker
    name = vm_lab.parts.vm.image("python", python_image.about()[0])
    docker.run("import", "-", name, content=python_image.image())
    yield name
    docker.run("image", "rm", "--force", name)


@pytest.fixture
def run_job(
    vm_lab: RunningVm,
    image: str,
    play_role: PlayRole,  # noqa: F811
    pushgateway: Pushgateway,  # noqa: F811
    tmp_path: Path,
) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """``run_job(password)`` runs the one job that the role wrote, with a Secret that was filled in by hand."""
    folder = tmp_path / "gitops"
    address = vm_lab.addresses["registry-private"]
    registry = {"name": "registry-private", "address": address, "ca_content": vm_lab.ca_path.read_text(encoding="utf-8")}
    given = {
        "registry_probe_registries": [{**registry, "username": vm_lab.credentials[0]}],
        "registry_probe_pushgateway": {"url": pushgateway.url},
        "registry_probe_environment": {"NO_PROXY": "127.0.0.1"},
        "registry_probe_kubernetes": {"folder": str(folder), "image": image},
    }
    played = play_role(given, "kubernetes")
    assert played.rc == 0, played.stdout

    def run(password: str) -> subprocess.CompletedProcess[str]:
        (secret,) = manifests.read(folder, "*.secret.yaml.example")
        secret["stringData"] = {"username": vm_lab.credentials[0], "password": password}
        objects = [*manifests.read(folder), secret]
        volumes = tmp_path / f"volumes-{password[:4]}"
        volumes.mkdir()
        (job,) = [each for each in objects if each["kind"] == "CronJob"]
        arguments = manifests.docker_arguments(manifests.pod_of(job), objects, volumes)
        assert password not in " ".join(arguments)
        return vm_lab.docker("run", "--rm", "--network", "host", *arguments, check=False)

    return run


def test_it_runs_and_reports(
    run_job: Callable[[str], subprocess.CompletedProcess[str]],
    vm_lab: RunningVm,
    pushgateway: Pushgateway,  # noqa: F811
) -> None:
    ran = run_job(vm_lab.credentials[1])
    assert ran.returncode == 0, ran.stdout + ran.stderr
    pushed = pushgateway.values()
    assert (pushed["failures"], pushed["catalog_accessible"], pushed["repositories"]) == (0, 1, 3)
    assert pushed["tags_checked"] > 3
    assert "HEALTHY" in ran.stderr
    healthy = pushed["last_success_timestamp"]

    refused = run_job("not-the-password")
    assert refused.returncode == 2, "could not look: the job has failed, and Kubernetes tries it once more"
    pushed = pushgateway.values()
    assert pushed["catalog_accessible"] == 0
    assert pushed["last_success_timestamp"] == healthy, "the Pushgateway is its memory: there is no volume"
    assert "failures" not in pushed, "nothing was looked at, so nothing is said to be whole"
