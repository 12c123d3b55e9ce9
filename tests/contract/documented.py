# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What docs/metrics.md says, as data."""

from __future__ import annotations

import re

from contract.project import ROOT

PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
SECTIONS = ("Probe", "Maintenance", "Pin")


def documented(section: str) -> dict[str, set[str]]:
    """The metrics of a section with their labels."""
    return {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in rows("metric", section)}


def rows(header: str, section: str = "") -> list[list[str]]:
    """The rows of the table whose first column has this header, in a section or anywhere."""
    text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0] if section else PAGE
    table = text.partition(f"\n| {header} |")[2].partition("\n\n")[0]
    lines = table.splitlines()[2:]
    assert lines, f"docs/metrics.md has no table {header} {section}"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
