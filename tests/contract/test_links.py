# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Every link in the documentation leads somewhere: to a file of the checkout, and to a heading where it names one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contract.project import ROOT, name_of

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def dead(page: Path, link: str) -> bool:
    """Whether a relative link leads nowhere."""
    name, _hash, fragment = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists():
        return True
    return bool(fragment) and fragment not in map(anchor, HEADING.findall(target.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_resolve(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not link.startswith(("http://", "https://", "mailto:")) and dead(page, link)] == []
