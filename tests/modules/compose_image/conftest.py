# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""compose_image run as Ansible runs it, on a folder with a compose file."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible.modules import compose_image

SIX = """\
# the registries of one machine
x-registry: &registry
  image: registry:2   # floats
  restart: always

services:
  registry-dockerhub:
    <<: *registry
  registry-private:
    <<: *registry
    environment: {REGISTRY_HTTP_SECRET: "hunter2-hunter2"}
  registry-nginx:
    image: nginx:1.25.3-alpine
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variables of compose but those of a test."""
    for name in [name for name in os.environ if name.startswith("COMPOSE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def compose(tmp_path: Path) -> Path:
    """A compose file that compose takes."""
    path = tmp_path / "project" / "docker-compose.yml"
    path.parent.mkdir()
    path.write_text(SIX)
    return path


@pytest.fixture
def pin(compose: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """``pin(check=False, **options)``: what the module returns; by default for all registries of ``compose``."""

    def call(check: bool = False, **options: Any) -> dict[str, Any]:
        given = {"path": str(compose), "match": "registry:2", "image": "registry:2.8.3", **options}
        capsys.readouterr()
        with patch_module_args({**given, "_ansible_check_mode": check, "_ansible_diff": True}), pytest.raises(SystemExit):
            compose_image.main()
        return json.loads(capsys.readouterr().out)

    return call


@pytest.fixture(scope="session")
def docker_compose() -> list[str]:
    """The real compose of this machine."""
    command = ["docker", "compose"]
    try:
        found = subprocess.run([*command, "version"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        found = False
    if not found:
        pytest.skip("this machine has no docker compose")
    return command
