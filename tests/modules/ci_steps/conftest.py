# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A checkout with registry-doctor, a registry with TLS and a password that an image was pushed to, and steps of pipelines run by ``sh``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible.module_utils.doctor_archive import archive
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.images import build
from ansible.module_utils.registry_lab.push import push

from contract.project import ROOT
from modules.woodpecker_workflow.conftest import INCIDENT, edit

__all__ = ["edit"]

SHA = "0123456789abcdef0123456789abcdef01234567"
USER = ("ci", "hunter2-hunter2")
EXAMPLE = "registry.example.com:5050"


class Place(NamedTuple):
    """Where a step runs."""

    checkout: Path
    registry: Any

    def run(self, commands: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
        """One step: its commands in one shell that stops at the first failure, with a bare environment."""
        programs = f"{Path(sys.executable).parent}{os.pathsep}/usr/bin{os.pathsep}/bin"
        given = {"PATH": programs, "REGISTRY_USERNAME": USER[0], "REGISTRY_PASSWORD": USER[1], **environment}
        script = "set -e\n" + "\n".join(commands) + "\n"
        return subprocess.run(
            ["sh"], input=script, env=given, cwd=self.checkout, capture_output=True, text=True, timeout=120, check=False
        )

    def break_it(self, kind: str) -> None:
        """Damage the pushed image, and drop every cache."""
        damage(kind, self.registry.root, "infra-ci", "latest")
        self.registry.restart()


@pytest.fixture
def place(tmp_path: Path, any_registry: Callable[..., Any]) -> Place:
    """An image of several platforms as ``latest``, and by the long and the short commit."""
    registry = any_registry(tls=True, htpasswd=(*USER, 5), cache=True)
    for tag in ("latest", SHA, SHA[:8]):
        push(registry, "infra-ci", tag, build("infra-ci"), USER)
    checkout = tmp_path / "checkout"
    (checkout / "ci").mkdir(parents=True)
    (checkout / "ci" / "registry-doctor.pyz").write_bytes(archive(str(ROOT / "module_utils" / "oci_registry"), ["verify"]))
    shutil.copy(registry.ca_path, checkout / "ci" / "registry-ca.pem")
    return Place(checkout, registry)


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    """The workflow of the incident."""
    path = tmp_path / "incident.yml"
    path.write_text(INCIDENT, encoding="utf-8")
    return path
