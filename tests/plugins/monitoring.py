# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Real monitoring for tests: ``fit_for_monitoring`` skips where its programs are missing, ``watched`` is a lab as the drill makes it.

With ``CI`` in the environment a missing program fails the test instead.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.damage import Damage, damage
from ansible.module_utils.registry_lab.errors import LabError
from ansible.module_utils.registry_lab.monitoring import knows, received
from ansible.module_utils.registry_lab.monitoring.lab import MonitoringLab
from ansible.module_utils.registry_lab.monitoring.programs import find_programs
from ansible.module_utils.registry_lab.process import RegistryProcess

from contract.project import ROOT, ansible_environment

SECONDS = 60.0
INTEGRITY, STALE, CATALOG = "RegistryManifestIntegrityFailure", "RegistryIntegrityProbeStale", "RegistryCatalogInaccessible"
_PREFIX = "registry_manifest_integrity_"
_PLAY = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.include_role:
        name: registry_lab
        tasks_from: detection/watch
      vars:
        registry_lab_folder: {folder}
        registry_lab_scenario: detection
        registry_lab_binary: ""
"""


class Watched:
    """A lab as the drill makes it, with the rules that are shipped in seconds instead of minutes; it runs."""

    def __init__(self, folder: Path) -> None:
        self.lab = MonitoringLab(str(folder))
        play = folder.parent / "watch.yml"
        play.write_text(_PLAY.format(folder=folder), encoding="utf-8")
        environment = {**ansible_environment(), "ANSIBLE_ROLES_PATH": str(ROOT / "roles")}
        outcome = subprocess.run(
            ["ansible-playbook", str(play)], capture_output=True, text=True, cwd=ROOT, env=environment, check=False
        )
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        self.spec = self.lab.spec
        self.facts: dict[str, Any] = self.lab.describe()

    @property
    def registry(self) -> RegistryProcess:
        """As it is set now."""
        return RegistryProcess.attach(self.lab.lab.main)

    def told(self, name: str, since: float, status: str = "firing") -> received.Alert:
        """Wait until the receiver was told; the test fails if it is not."""
        return received.wait_for(self.spec.notifications, name, status, since, SECONDS)

    def names(self, since: float) -> set[str]:
        """Names of the alerts that were received since then."""
        return {alert.name for alert in received.alerts_in(self.spec.notifications) if alert.received_at >= since}

    def states(self, since: float) -> dict[str, list[str]]:
        """What Prometheus had since then, pending alerts too."""
        return knows.states_since(self.spec.address("prometheus"), since)

    def value(self, metric: str, **labels: str) -> float | None:
        """What Prometheus has for a metric of ours; None for nothing. LabError for more than one series."""
        chosen = ",".join(f'{name}="{value}"' for name, value in labels.items())
        series = knows.ask(self.spec.address("prometheus"), f"{_PREFIX}{metric}{{{chosen}}}")
        assert len(series) <= 1, series
        return float(series[0]["value"][1]) if series else None

    def wait_for(self, wanted: float | None, metric: str, **labels: str) -> None:
        """Wait until a metric has a value, or None for until it is gone."""
        deadline = time.monotonic() + SECONDS
        while (found := self.value(metric, **labels)) != wanted:
            assert time.monotonic() < deadline, f"{metric} {labels} is {found}, not {wanted}"
            time.sleep(0.1)

    def be_healthy(self) -> None:
        """Start every part, and wait until a probe that began after that has found nothing, and none of the three is left."""
        self.lab.converge()
        since, deadline = time.time(), time.monotonic() + SECONDS
        while not self._found_nothing(since):
            assert time.monotonic() < deadline, received.lines_of(self.spec.runs)[-3:]
            time.sleep(0.1)

    def _found_nothing(self, since: float) -> bool:
        good = [run for run in received.lines_of(self.spec.runs) if run["started"] >= since and run["code"] == 0]
        seen = bool(good) and (self.value("last_run_timestamp") or 0) >= good[0]["started"]
        return seen and knows.ask(self.spec.address("prometheus"), f'ALERTS{{alertname=~"{INTEGRITY}|{STALE}|{CATALOG}"}}') == []

    def break_image(self, kind: str, repository: str, tag: str) -> tuple[float, Damage, bytes]:
        """Damage it; when that was, what it was, and what was in the file."""
        before = {path: path.read_bytes() for path in Path(self.registry.root).rglob("*") if path.is_file()}
        done = damage(kind, self.registry.root, repository, tag)
        return time.time(), done, before[Path(done.path)]


def mend(done: Damage, content: bytes) -> float:
    """Put back what was in a damaged file; when that was."""
    path = Path(done.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    return time.time()


@pytest.fixture(scope="session")
def fit_for_monitoring() -> None:
    """Skip where Prometheus, Pushgateway or Alertmanager is not installed; fail in CI, where they must be."""
    try:
        find_programs()
    except LabError as unfit:
        (pytest.fail if "CI" in os.environ else pytest.skip)(f"nothing can be watched here: {unfit}")


@pytest.fixture(scope="module")
def watched(fit_for_monitoring: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """The lab that the tests of one file share: each leaves it healthy, with everything running."""
    folder = tmp_path_factory.mktemp("watched") / "lab"
    try:
        yield Watched(folder)
    finally:
        MonitoringLab(str(folder)).lab.remove()
