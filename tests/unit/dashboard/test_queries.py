# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus answers what the dashboard asks: without data, and with what the probe says of a broken registry."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible.module_utils.oci_registry.doctor import main, metrics
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import place_on_disk

from unit.dashboard.board import QUERIES, Query, id_of, panel_named

PIN = """\
registry_pin_drift{service="private",image="registry:2",running="registry:2",pinned="registry:2.8.3"} 1
registry_pin_last_run_timestamp 1700000000
registry_pin_success 1
"""


#: of a registry in which something was never looked at
NEVER = """\
registry_manifest_integrity_coverage_oldest_timestamp{instance="new"} 0
registry_manifest_integrity_last_success_timestamp{instance="new"} 0
"""


@pytest.fixture(scope="module")
def empty(prometheus: Any) -> Iterator[Any]:
    return prometheus()


@pytest.mark.parametrize("query", QUERIES, ids=id_of)
def test_each_expression_is_understood(empty: Any, query: Query) -> None:
    instances = ["registry.example.com:5050", "cache+1(old)"]
    assert empty.ask(query.sent(instances), instant=query.instant) == []


@pytest.fixture
def watched(any_registry: Any, prometheus: Any, served: Any, tmp_path: Any) -> tuple[Any, str]:
    """A Prometheus that knows of a registry with a repository that is broken and one that is not, and the registry's instance."""
    registry = any_registry(tls=True)
    for repository in ("app", "team/web"):
        place_on_disk(registry.root, repository, "v1", images.build(repository))
    damage("child-link-gone", registry.root, "app", "v1")
    path = tmp_path / "probe.prom"
    assert main(["probe", "--registry", registry.address, "--ca-path", registry.ca_path, "--textfile", str(path), "--quiet"]) == 1
    run = metrics.render(metrics.Run("collect", "private", True, time.time(), 1.0), time.time())
    knowing = prometheus(served(path.read_text(encoding="utf-8") + run + PIN + NEVER))
    knowing.wait_for("registry_pin_success")
    return knowing, registry.address


def test_the_dashboard_shows_a_broken_registry(watched: tuple[Any, str]) -> None:
    prometheus, instance = watched
    answers = {id_of(query): prometheus.ask(query.sent([instance]), instant=query.instant) for query in QUERIES}
    # other codes and warnings, which there are none of, and a look that was not finished
    assert {name for name, found in answers.items() if not found} == {f"Repositories-{ref}" for ref in "BDEFGHIL"} | {
        "Other findings by code-A"
    }

    failures = {each["metric"]["repository"]: each["value"][1] for each in answers["Repositories-A"]}
    assert failures == {"app": "1", "team/web": "0"}
    (child,) = answers["Repositories-C"]
    assert child["metric"] == {"instance": instance, "repository": "app"}
    (row,) = answers["Broken repositories over time-A"]
    assert (row["metric"]["repository"], row["values"][-1][1]) == ("app", "1")
    (certificate,) = answers["Certificate, days left-A"]
    assert float(certificate["value"][1]) > 0
    (pin,) = answers["Pin-A"]
    assert pin["metric"] | {"instance": ""} == {
        "instance": "",
        "service": "private",
        "image": "registry:2",
        "running": "registry:2",
        "pinned": "registry:2.8.3",
    }
    assert {each["metric"]["job"] for each in answers["Maintenance-A"]} == {"collect"}


def test_the_other_registries_are_not_shown(watched: tuple[Any, str]) -> None:
    prometheus, _instance = watched
    shown = [id_of(query) for query in QUERIES if prometheus.ask(query.sent(["another"]), instant=query.instant)]
    assert {name.partition("-")[0] for name in shown} == {"Maintenance", "Pin", "Pin: could look", "Pin: last look"}


def test_never_is_a_number_of_its_own(watched: tuple[Any, str]) -> None:
    prometheus, _instance = watched
    said = {query.panel: prometheus.ask(query.sent(["new"])) for query in QUERIES if query.panel in ("Coverage", "Last success")}
    assert {panel: found[0]["value"][1] for panel, found in said.items()} == {"Coverage": "-1", "Last success": "-1"}
    for panel in said:
        (mapping,) = panel_named(panel)["fieldConfig"]["defaults"]["mappings"]
        assert mapping["options"]["-1"]["text"] == "never"
