# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of registry_tag share: those of retention, and the module itself."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.modules import registry_tag

from modules.retention.conftest import (  # noqa: F401 - fixtures
    _own_temporary_folder,
    _runner,
    any_stocked,
    repair,
    stocked,
)


@pytest.fixture
def set_tag(capsys: pytest.CaptureFixture[str]) -> Any:
    """``set_tag(check=False, **options)``: the module's result as JSON, ``failed`` included."""
    return _runner(registry_tag, capsys)
