# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests that did not come to their end are no tests that passed."""

from __future__ import annotations

import sys

import pytest

from runbook import checks


@pytest.mark.parametrize(("ends", "expected"), [("sys.exit(0)", 0), ("sys.exit(5)", 5), ("os.kill(os.getpid(), 9)", 137)])
def test_a_kill_is_no_success(ends: str, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-c", f"import os, sys; {ends}"]
    monkeypatch.setattr(checks, "lint", lambda _arguments: 0)
    monkeypatch.setattr(checks, "test", lambda _arguments: checks._exit_code(command))
    assert checks.check([]) == expected
