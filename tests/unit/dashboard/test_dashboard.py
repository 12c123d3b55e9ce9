# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The dashboard is whole: it fits on the grid, hangs on no data source of ours, and asks only for metrics and labels that exist."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from ansible.module_utils.oci_registry.findings import CODES, DISK_ONLY

from contract.documented import SECTIONS, documented
from unit.dashboard.board import BOARD, DATASOURCE, PANELS, QUERIES, Query, headings, id_of, panel_named

METRICS = {name: labels for section in SECTIONS for name, labels in documented(section).items()}
#: what Prometheus may add to what a machine's files hold, or put beside it
OF_THE_TARGET = {"instance", "exported_job"}
TYPES = {"stat", "table", "timeseries", "state-timeline", "text"}
NAME = re.compile(r"\bregistry_\w+")
SELECTOR = re.compile(r"\b(registry_\w+)\{([^}]*)\}")
AGGREGATE = re.compile(r"\b(?:sum|max|min) by \(([^)]*)\) \((registry_\w+)")
MATCHING = re.compile(r"\bon \(([^)]*)\)")
TABLES = [panel for panel in PANELS if panel["type"] == "table"]


def title_of(panel: dict[str, Any]) -> str:
    return str(panel["title"])


def labels_of(metric: str) -> set[str]:
    own = METRICS[metric]
    return own if metric.startswith("registry_manifest_") else own | OF_THE_TARGET


def names(text: str) -> set[str]:
    return {name.strip() for name in text.split(",")}


def test_ids_and_titles_are_unique() -> None:
    ids = [panel["id"] for panel in BOARD["panels"]]
    titles = [panel["title"] for panel in PANELS]
    assert (len(ids), len(titles)) == (len(set(ids)), len(set(titles)))
    assert (BOARD["id"], BOARD["uid"], BOARD["title"], BOARD["refresh"]) == (None, "registry-health", "Registry health", "1m")


def test_nothing_overlaps() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        own = set(itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])))
        assert not own & cells, panel["title"]
        cells |= own


@pytest.mark.parametrize("panel", PANELS, ids=title_of)
def test_panels_say_what_they_show(panel: dict[str, Any]) -> None:
    assert panel["type"] in TYPES
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["datasource"] == DATASOURCE
    assert all(target["datasource"] == DATASOURCE for target in panel.get("targets", []))
    assert bool(panel.get("targets")) == (panel["type"] != "text")


@pytest.mark.parametrize("panel", TABLES, ids=title_of)
def test_what_is_said_of_columns_is_said_of_columns_that_there_are(panel: dict[str, Any]) -> None:
    there = set(headings(panel).values())
    assert {override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]} <= there
    assert {order["displayName"] for order in panel["options"]["sortBy"]} <= there
    refs = [target["refId"] for target in panel["targets"]]
    values = [f"Value #{ref}" for ref in refs] if len(refs) > 1 else ["Value"]
    assert [column for column in headings(panel) if column.startswith("Value")] == values


def test_variables() -> None:
    source, instance = BOARD["templating"]["list"]
    assert (source["name"], source["type"], source["query"]) == ("datasource", "datasource", "prometheus")
    assert (instance["name"], instance["multi"], instance["includeAll"], instance["datasource"]) == (
        "instance",
        True,
        True,
        DATASOURCE,
    )
    metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", instance["query"]["query"]).groups()
    assert label in METRICS[metric]


def test_exactly_the_metrics_that_there_are() -> None:
    assert {name for query in QUERIES for name in NAME.findall(query.expression)} == set(METRICS)


@pytest.mark.parametrize("query", QUERIES, ids=id_of)
def test_labels_are_those_of_the_metric(query: Query) -> None:
    kept: set[str] = set()
    for metric, filters in SELECTOR.findall(query.expression):
        assert set(re.findall(r"(\w+)(?:=~|!=|=)", filters)) <= labels_of(metric)
        assert metric.startswith("registry_manifest_") == ('instance=~"$instance"' in filters)
    for labels, metric in AGGREGATE.findall(query.expression):
        assert names(labels) <= labels_of(metric)
        kept |= names(labels)
    for labels in MATCHING.findall(query.expression):
        assert names(labels) <= kept
    assert set(re.findall(r"\{\{(\w+)\}\}", query.legend)) <= kept
    if query.legend == "__auto":
        assert kept == {column for column in headings(panel_named(query.panel)) if not column.startswith("Value")}


def test_every_code_that_breaks_a_pull_over_http_has_a_column() -> None:
    columns = set(headings(panel_named("Repositories")).values())
    assert set(CODES) - DISK_ONLY - columns == {"referrer-dangling"}, "which is never critical"
