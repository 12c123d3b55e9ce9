# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The alerts as the role registry_alerts ships them, written once for all tests of this folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract.project import ROOT, ansible_environment

PLAY = "- {hosts: localhost, gather_facts: false, roles: [registry_alerts]}\n"


def written(folder: Path, **inputs: Any) -> Path:
    """The file of rules, as the role writes it with these inputs, named without the prefix."""
    (folder / "play.yml").write_text(PLAY, encoding="utf-8")
    variables = {f"registry_alerts_{name}": value for name, value in {"folder": str(folder), **inputs}.items()}
    ran = subprocess.run(
        ["ansible-playbook", "-e", json.dumps(variables), str(folder / "play.yml")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=ansible_environment(),
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder / "registry-alerts.rules.yml"


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of rules."""
    return written(tmp_path_factory.mktemp("shipped"))


@pytest.fixture(scope="session")
def alerts(shipped: Path) -> dict[str, dict]:
    """Each alert by its name."""
    (group,) = yaml.safe_load(shipped.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


@pytest.fixture(scope="session")
def promtool() -> str:
    """The program; tests that need it are skipped where it is missing, and fail in CI."""
    return need("promtool", "prometheus")


def need(program: str, package: str) -> str:
    """Where a program is. Without it the test is skipped; with CI in the environment it fails."""
    found = shutil.which(program)
    if found is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)(f"there is no {program}; the package {package} has it")
    return found
