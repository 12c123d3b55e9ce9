# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A folder in which a test makes and removes its own lab."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator

import pytest
from ansible.module_utils.registry_lab.vm.lab import VmLab

from plugins.vm import fit_or_skip


@pytest.fixture
def folder() -> Iterator[str]:
    """A path where a lab may be made; whatever is there is removed at the end."""
    above = tempfile.mkdtemp(prefix="vm-")
    fit_or_skip(f"{above}/lab")
    yield f"{above}/lab"
    VmLab(f"{above}/lab").down()
    shutil.rmtree(above)
