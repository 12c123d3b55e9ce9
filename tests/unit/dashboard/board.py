# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The dashboard as data, and its expressions as Grafana would send them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from contract.project import ROOT

PATH = ROOT / "roles" / "registry_alerts" / "files" / "dashboard.json"
BOARD: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
_SPECIAL = re.compile(r"[\\^$.*{}\[\]'+?()|]")


class Query(NamedTuple):
    """One expression of a panel."""

    panel: str
    ref: str
    expression: str
    legend: str
    instant: bool

    def sent(self, instances: Iterable[str]) -> str:
        """The expression with its variables filled in, special characters escaped for a regular expression inside of a string."""
        chosen = "|".join(_SPECIAL.sub(r"\\\\\g<0>", name) for name in instances)
        text = self.expression.replace("$instance", f"({chosen})").replace("$__range", "86400s")
        assert "$" not in text
        return text


QUERIES = [
    Query(panel["title"], target["refId"], target["expr"], target["legendFormat"], target["instant"])
    for panel in PANELS
    for target in panel.get("targets", [])
]


def id_of(query: Query) -> str:
    return f"{query.panel}-{query.ref}"


def panel_named(title: str) -> dict[str, Any]:
    (panel,) = [panel for panel in PANELS if panel["title"] == title]
    return panel


def headings(panel: dict[str, Any]) -> dict[str, str]:
    """Column of a table's data: its heading."""
    (organize,) = [step["options"] for step in panel["transformations"] if step["id"] == "organize"]
    return dict(organize["renameByName"])
