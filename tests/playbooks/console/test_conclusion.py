# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A run of the real playbooks in which nobody looked at anything is never one that ended well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runbook import places


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["recover", "--limit", "registry"], "no play has a host left under --limit registry. Name the host with -e target=HOST"),
        (["diagnose", "--limit", "machine"], "no play has a host left under --limit machine"),
        (["maintain", "--limit", "registry", "--check"], "--limit registry leaves no host to the play Report"),
        (["maintain", "--limit", "registry", "--check", "--no-preflight", "--tags", "none"], "ended without its report"),
        (["verify", "--tags", "none"], "ended without its report"),
        (["recover", "-e", "target=registry", "-e", "approve=rebuild"], "runbook: recover could not do its work"),
    ],
)
def test_nothing_done_is_exit_2(runbook: Any, whole: Path, arguments: list[str], said: str) -> None:
    process = runbook(*arguments, "-i", str(whole))
    _shown, errors = process.communicate(timeout=120)
    assert said in errors
    assert process.returncode == 2


@pytest.mark.parametrize("option", ["--list-tasks", "--syntax-check", "--help"])
def test_what_only_lists_ends_well(runbook: Any, whole: Path, option: str) -> None:
    process = runbook("diagnose", "-i", str(whole), option)
    _shown, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")


def test_every_playbook_but_the_lab_ends_with_a_report() -> None:
    assert [name for name in places.playbooks() if not places.reports(name)] == ["lab"]


def test_a_run_that_reached_nobody_leaves_a_record(runbook: Any, checkout: Path, whole: Path) -> None:
    text = whole.read_text(encoding="utf-8")
    nowhere = "ansible_connection: ssh\n      ansible_host: 127.0.0.1\n      ansible_port: 1\n      ansible_ssh_args: ''"
    whole.write_text(nowhere.join(text.rsplit("ansible_connection: local", 1)), encoding="utf-8")
    process = runbook("diagnose", "--no-preflight", "-i", str(whole))
    _shown, errors = process.communicate(timeout=120)
    (report,) = (checkout / ".runbook" / "reports").iterdir()
    assert process.returncode == 2
    assert f"what is known of it: {report}/index.html" in errors
    assert "registry: " in (report / "post-mortem.md").read_text(encoding="utf-8")
    assert "port 1: Connection refused" in (report / "report.txt").read_text(encoding="utf-8")
