# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Our modules, run as Ansible runs them, and a folder for what some of them make."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.folder import LabFolder
from ansible.module_utils.testing import patch_module_args

RunModule = Callable[..., dict[str, Any]]


@pytest.fixture
def run_module(capsys: pytest.CaptureFixture[str]) -> RunModule:
    """``run_module(name, check=False, **options)``: the module's result."""

    def call(module: str, /, check: bool = False, **options: Any) -> dict[str, Any]:
        capsys.readouterr()
        imported = importlib.import_module(f"ansible.modules.{module}")
        with patch_module_args({**options, "_ansible_check_mode": check}), pytest.raises(SystemExit):
            imported.main()
        result: dict[str, Any] = json.loads(capsys.readouterr().out)
        return result

    return call


@pytest.fixture
def lab_folder(tmp_path: Path) -> Iterator[str]:
    """Where a lab may be made; it is removed at the end."""
    lab = LabFolder(str(tmp_path / "lab"))
    yield lab.path
    if (tmp_path / "lab" / ".registry-lab").exists():
        lab.remove()
