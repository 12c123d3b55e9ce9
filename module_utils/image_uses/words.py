# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The impact map as people read it: which broken image is used by what, and what could not be told."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ..oci_registry.render import printable, table
from .matching import DIGEST, Impact
from .use import Use

COLUMNS = ("IMAGE", "USED BY")
_MOST_NAMES = 6
_MOST_UNSURE = 20
_WORDS = {"compose": "compose on", "container": "runs on", "kubernetes": "cluster", "woodpecker": "CI of"}


def text(name: str, found: Impact, problems: Sequence[str]) -> str:
    """A headline, a table with a row for each place that uses an image, and what is not known."""
    lines = [f"{name}: {_headline(found)}" if name else _headline(found)]
    rows = [row for record in found.images for row in _rows(record)]
    lines += ["", *table(COLUMNS, rows), ""] if rows else []
    lines += [f"CANNOT TELL: {_unsure(one)}" for one in found.unsure[:_MOST_UNSURE]]
    more = len(found.unsure) - _MOST_UNSURE
    lines += [f"CANNOT TELL: {more} more"] if more > 0 else []
    lines += [f"COULD NOT LOOK: {problem}" for problem in problems]
    if (problems or found.unsure) and found.named(in_use=False):
        lines.append("The map is incomplete: an image without a known use may still be used there.")
    return "".join(f"{printable(line)}\n" for line in lines)


def _headline(found: Impact) -> str:
    used, other = (len(found.named(in_use=is_used)) for is_used in (True, False))
    return f"broken images: {used} in use, {other} of no known use" if found.images else "no image is broken"


def _rows(record: Mapping[str, Any]) -> List[Tuple[str, str]]:
    """One for each place, the image named in the first."""
    places: Dict[Tuple[str, str], List[str]] = {}
    for one in record["uses"]:
        name = f"{one['name']} (by digest)" if one["by"] == DIGEST else one["name"]
        names = places.setdefault((one["kind"], one["host"]), [])
        if name not in names:
            names.append(name)
    told = [f"{_WORDS[kind]} {host}: {_listed(names)}" for (kind, host), names in places.items()]
    return [(record["image"] if not number else "", one) for number, one in enumerate(told or ["nothing that is known"])]


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" (+{more} more)" if more > 0 else "")


def _unsure(one: Use) -> str:
    """The text may come from anywhere; why it cannot be told stands behind it."""
    what = f"{one['reference']} may be part of a broken image" if one["reference"] else one["detail"] or "its image is not known"
    return f"{_WORDS[one['kind']]} {one['host']}: {one['name']}: {what}"
