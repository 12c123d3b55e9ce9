# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The two ways in which a person looks at something: registry-doctor as a process, and the info modules."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible.module_utils.testing import patch_module_args

MODULE_UTILS = Path(__file__).resolve().parents[3] / "module_utils"
ENVIRONMENT = {"PATH": os.defpath, "PYTHONPATH": str(MODULE_UTILS), "NO_PROXY": "*", "PYTHONDONTWRITEBYTECODE": "1"}
DOCTOR = [sys.executable, "-m", "oci_registry.doctor"]
SECONDS = 60.0


class Outcome(NamedTuple):
    """``status``: 0 healthy, 1 findings, 2 could not look. ``message``: the error, empty where there is none."""

    status: int
    message: str
    report: dict[str, Any]

    def codes(self) -> list[str]:
        """The codes of the findings."""
        return [finding["code"] for finding in self.report["findings"]]


def doctor(command: str, *arguments: str, **options: Any) -> Outcome:
    """Run ``registry-doctor command``; options as ``--name value``. Fails on a traceback, and where it takes too long."""
    given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    called = [*DOCTOR, command, *arguments, *given, "--output=json", "--quiet"]
    ran = subprocess.run(called, capture_output=True, text=True, env=ENVIRONMENT, timeout=SECONDS, check=False)
    return outcome_of(ran.returncode, ran.stdout, ran.stderr)


def outcome_of(status: int, out: str, errors: str) -> Outcome:
    """What a run of the doctor with ``--output=json`` came to."""
    assert "Traceback" not in errors, errors
    report = json.loads(out)
    message = errors or "; ".join(report["problems"])
    assert message.count("\n") <= 1, message
    assert (status == 2) == bool(message), (status, message)
    return Outcome(status, message.strip(), report)


def module(name: str, capfd: pytest.CaptureFixture[str], **parameters: Any) -> Outcome:
    """Run an info module in this process. Fails where it changed something, ended oddly or took too long."""
    began = time.monotonic()
    capfd.readouterr()
    with patch_module_args(parameters), pytest.raises(SystemExit) as ended:
        import_module(f"ansible.modules.{name}").main()
    out, errors = capfd.readouterr()
    assert time.monotonic() - began < SECONDS
    assert not errors, errors
    result = json.loads(out)
    assert not result.get("changed") and "exception" not in result
    assert bool(ended.value.code) == bool(result.get("failed"))
    if result.get("failed"):
        assert result["code"]
        return Outcome(2, result["msg"], result)
    return Outcome(0 if result["healthy"] else 1, "", result)
