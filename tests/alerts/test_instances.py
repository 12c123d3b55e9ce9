# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""With the registries named that are probed, one that never reported is missed: instances/*.yml, by promtool."""

from __future__ import annotations

import shutil
from pathlib import Path

from alerts.conftest import written
from alerts.test_alerts import promtool_says

NAMED = ["registry.example.com:5050", "new.example.com", "behind-a-node-exporter"]


def test_a_registry_that_never_reported_is_missed(promtool: str, tmp_path: Path) -> None:
    rules = written(tmp_path, instances=NAMED)
    promtool_says(promtool, "check", "rules", rules)
    (tmp_path / "instances").mkdir()
    cases = Path(__file__).parent / "instances" / "RegistryIntegrityProbeAbsent.yml"
    promtool_says(promtool, "test", "rules", shutil.copy(cases, tmp_path / "instances"))
