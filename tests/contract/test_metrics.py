# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""docs/metrics.md names the metrics of the code with their labels, nothing more and nothing less, and the bound that it promises holds."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.module_utils.oci_registry.doctor import metrics as maintenance
from ansible.module_utils.oci_registry.findings import CODES, SEVERITIES
from ansible.module_utils.oci_registry.probe import PROBE_OPTIONS
from ansible.module_utils.oci_registry.probe.gateway import Sample, parse
from ansible.module_utils.oci_registry.probe.known import Known, Past
from ansible.module_utils.oci_registry.probe.metrics import ABOUT
from ansible.module_utils.oci_registry.probe.registry import Looked
from ansible.module_utils.oci_registry.probe.samples import samples

from contract.documented import PAGE, documented, rows

#: every kind of finding at once, so that no metric is missing
FOUND = {(code, severity): 1 for code in CODES for severity in SEVERITIES}


def looked(repositories: int) -> Looked:
    """A registry in which everything is amiss that can be: each repository is broken, and was not finished last time."""
    return Looked(
        instance="registry.test",
        error="",
        unreadable={},
        unfinished=[],
        listed=repositories,
        repositories={f"repository-{number}": Past(1.0, 2.0, 3, FOUND) for number in range(repositories)},
        before=Known({}),
        findings=[],
        counts={"repositories": 0, "tags": 0, "indexes": 0},
        ended=9.0,
        seconds=1.0,
        requests=1,
        bytes_received=1,
        certificate_not_after=99.0,
    )


def labels_of(found: list[Sample]) -> dict[str, set[str]]:
    return {sample.name: set(sample.labels) for sample in found}


def test_the_probe_is_documented() -> None:
    told = labels_of(list(samples(looked(3), 1000)))
    assert set(told) == set(ABOUT)
    assert documented("Probe") == told


def test_the_maintenance_is_documented() -> None:
    text = maintenance.render(maintenance.Run("collect", "private", True, 1.0, 1.0), 1.0)
    assert documented("Maintenance") == labels_of(list(parse(text, "registry_maintenance_", {})))


def test_the_pin_is_documented() -> None:
    try:
        pinning: Any = import_module("ansible.module_utils.oci_registry.doctor.pinning")
    except ImportError:
        pytest.skip("registry-doctor has no pin yet")
    service = SimpleNamespace(service="private", image="a", running="b", pinned="c", drifts=True)
    drift = pinning._sample(service)
    assert documented("Pin") == {name: set(drift.labels) if name == drift.name else set() for name in pinning._ABOUT}


@pytest.mark.parametrize("limit", [0, 1, 1000])
def test_the_bound_of_series_holds_and_is_reached(limit: int) -> None:
    assert len(list(samples(looked(2500), limit))) == 47 + 4 * limit


def test_the_bound_is_documented() -> None:
    default = PROBE_OPTIONS["max_series"]["default"]
    assert f"47 + 4 x `max_series`: {47 + 4 * default} with the default of {default}." in PAGE


def test_the_configuration_is_documented() -> None:
    registry, pushgateway = PROBE_OPTIONS["registries"]["options"], PROBE_OPTIONS["pushgateway"]["options"]
    for header, spec in (
        ("option of `probe`", PROBE_OPTIONS),
        ("option of a registry", registry),
        ("option of `pushgateway`", pushgateway),
    ):
        table = rows(header)
        named = [name.strip("` ") for row in table for name in row[0].split(",")]
        assert sorted(named) == sorted(spec), header
    stated = {row[0].strip("`"): row[2].strip("`") for row in rows("option of `probe`")}
    told = {name: option["default"] for name, option in PROBE_OPTIONS.items() if "default" in option}
    assert {name: stated[name] for name in told} == {name: as_documented(value) for name, value in told.items()}


def as_documented(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
