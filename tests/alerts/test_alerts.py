# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Every alert that is shipped fires when it should, stays quiet when it should not, and resolves: cases/ALERT.yml, by promtool."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from contract.project import ROOT, load_yaml

CASES = {path.stem: path for path in sorted((ROOT / "tests" / "alerts" / "cases").glob("*.yml"))}
#: what others know: expression, duration, severity
PROMISED = {
    "RegistryManifestIntegrityFailure": ("registry_manifest_integrity_failures > 0", "30m", "critical"),
    "RegistryIntegrityProbeStale": ("time() - registry_manifest_integrity_last_run_timestamp > 3600", "15m", "warning"),
    "RegistryCatalogInaccessible": ("registry_manifest_integrity_catalog_accessible == 0", "15m", "critical"),
}


def promtool_says(promtool: str, *arguments: Path | str) -> None:
    """Run ``promtool``; the test fails with what it says."""
    ran = subprocess.run([promtool, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def expectations(alert: str) -> list[tuple[str, list[Any]]]:
    """The alerts that its cases expect, by the name of the alert."""
    tests = load_yaml(CASES[alert])["tests"]
    return [(each["alertname"], each["exp_alerts"]) for test in tests for each in test.get("alert_rule_test", [])]


def test_the_rules_are_rules(promtool: str, shipped: Path) -> None:
    promtool_says(promtool, "check", "rules", shipped)


@pytest.mark.parametrize("alert", CASES)
def test_fires_stays_quiet_and_resolves(promtool: str, shipped: Path, tmp_path: Path, alert: str) -> None:
    (tmp_path / "cases").mkdir()
    shutil.copy(shipped, tmp_path)  # the cases name it beside their folder
    promtool_says(promtool, "test", "rules", shutil.copy(CASES[alert], tmp_path / "cases"))


def test_every_alert_has_cases_and_no_others_do(alerts: dict[str, dict]) -> None:
    assert sorted(alerts) == sorted(CASES)


@pytest.mark.parametrize("alert", CASES)
def test_cases_hold_the_alert_firing_quiet_and_resolved(alert: str) -> None:
    """Quiet before it fires, and quiet after it, in one test at least."""
    said = expectations(alert)
    assert {name for name, _expected in said} == {alert}
    fires = [bool(expected) for _name, expected in said]
    assert any(fires[at : at + 2] == [False, True] for at in range(len(fires)))
    assert any(fires[at : at + 2] == [True, False] for at in range(len(fires)))


@pytest.mark.parametrize("alert", PROMISED)
def test_what_others_know_stays_as_it_is(alerts: dict[str, dict], alert: str) -> None:
    rule = alerts[alert]
    assert (rule["expr"], rule["for"], rule["labels"]["severity"]) == PROMISED[alert]


def test_every_alert_says_what_a_person_needs(alerts: dict[str, dict]) -> None:
    for name, rule in alerts.items():
        told = rule["annotations"]
        assert set(told) == {"summary", "description", "runbook_url"}, name
        assert "./runbook " in told["description"], name
        assert rule["labels"]["severity"] in {"warning", "critical"}, name
