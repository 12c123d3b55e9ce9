# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Playbooks run as AWX runs them, through ansible-runner, with the configuration of the checkout."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import ansible_runner

from contract.project import ROOT, ansible_environment

_WARNINGS = ("warning", "deprecated", "system_warning")
_COLOUR_CODE = re.compile(r"\x1b\[[0-9;]*m")


class Outcome(NamedTuple):
    """How a playbook ended. ``report`` is what it wrote for programs, ``text`` for people; both empty where it wrote none."""

    rc: int
    changed: int
    failures: list[str]
    findings: int | None
    remaining: int | None
    report: dict[str, Any]
    text: str
    stdout: str


def run_playbook(
    name: str,
    folder: Path,
    variables: dict[str, Any],
    *,
    check: bool = False,
    handler: Callable[[dict[str, Any]], Any] | None = None,
    inventory: Path = ROOT / "inventory" / "lab",
) -> Outcome:
    """Run ``playbooks/<name>.yml`` against ``inventory``, its report below ``folder``. A run that prints a warning fails the test."""
    private = Path(tempfile.mkdtemp(dir=folder))
    report = private / "report"
    outcome = ansible_runner.run(
        private_data_dir=str(private),
        project_dir=str(ROOT),
        playbook=str(ROOT / "playbooks" / f"{name}.yml"),
        inventory=str(inventory),
        extravars=variables,
        envvars={**ansible_environment(), "RUNBOOK_REPORT": str(report)},
        cmdline="--check" if check else None,
        event_handler=handler,
        quiet=True,
    )
    events = list(outcome.events)
    with outcome.stdout as file:
        stdout = _COLOUR_CODE.sub("", file.read())
    assert [event["stdout"] for event in events if event["event"] in _WARNINGS] == []
    assert "WARNING" not in stdout, stdout
    stats = outcome.stats or {}
    return Outcome(
        rc=outcome.rc,
        changed=sum((stats.get("changed") or {}).values()),
        failures=[message for event in events if (message := _failure(event)) is not None],
        findings=_stated(events, "runbook_findings"),
        remaining=_stated(events, "runbook_remaining"),
        report=json.loads(_read(report / "report.json") or "{}"),
        text=_read(report / "report.txt"),
        stdout=stdout,
    )


def _failure(event: dict[str, Any]) -> str | None:
    if event["event"] not in ("runner_on_failed", "runner_on_unreachable"):
        return None
    return str(event["event_data"]["res"].get("msg"))


def _stated(events: list[dict[str, Any]], name: str) -> int | None:
    """What the console makes an exit code of."""
    for event in events:
        if event["event"] == "playbook_on_stats":
            stated: dict[str, Any] = event["event_data"].get("artifact_data", {})
            return stated.get(name)
    return None


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
