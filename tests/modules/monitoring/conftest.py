# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Modules of a watched lab, run as Ansible runs them."""

from __future__ import annotations

import importlib
import json

import pytest
from ansible.module_utils.registry_lab.folder import LabFolder
from ansible.module_utils.testing import patch_module_args


@pytest.fixture
def run(capsys):
    """``run(module, check=False, **options)``: the module's result."""

    def call(module, /, check=False, **options):
        capsys.readouterr()
        imported = importlib.import_module(f"ansible.modules.{module}")
        with patch_module_args({**options, "_ansible_check_mode": check}), pytest.raises(SystemExit):
            imported.main()
        return json.loads(capsys.readouterr().out)

    return call


@pytest.fixture
def folder(tmp_path):
    """Where a lab may be made; it is removed at the end."""
    lab = LabFolder(str(tmp_path / "lab"))
    yield lab.path
    if (tmp_path / "lab" / ".registry-lab").exists():
        lab.remove()
