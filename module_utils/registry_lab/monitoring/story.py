# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a drill of the monitoring measured, in words: who knew of what after how long, and what the shipped values would make of it. Pure."""

from __future__ import annotations

import re
from typing import Any, List, Mapping, Sequence

from ..errors import LabError

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_PART = re.compile(r"(\d+)(ms|min|[smhdwy])")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")

#: what is measured, in order: name, what happened, and since when the seconds count
MEASURED = (
    ("probed", "the probe saw it", "the break"),
    ("fired", "the integrity alert fired", "the break"),
    ("notified", "the receiver was told", "the break"),
    ("resolved", "the receiver was told that it is over", "the repair began"),
    ("stale", "the receiver was told that the probe is stale", "the probe was killed"),
    ("inaccessible", "the receiver was told that the catalog is not accessible", "the registry was stopped"),
)


def seconds_of(duration: str) -> float:
    """A duration as Prometheus or systemd writes it: ``1h30m``, ``15min``. Raises LabError for anything else."""
    if _DURATION.fullmatch(duration) is None:
        raise LabError(f"no duration: {duration!r}", advice="Expected something like 30m or 1h30m")
    return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(duration))


def measured(delays: Mapping[str, float]) -> List[str]:
    """A line for each delay that was measured."""
    return [f"{what} {delays[name]:.1f} s after {since}" for name, what, since in MEASURED if name in delays]


def longest(shipped: Sequence[Mapping[str, Any]]) -> float:
    """Seconds from a break to the page with the shipped values, where every wait is as long as it can be."""
    return sum(seconds_of(part["duration"]) for part in shipped)


def unshortened(shipped: Sequence[Mapping[str, Any]]) -> List[str]:
    """What an operator has to expect, and what it is made of; nothing where nothing is known."""
    if not shipped:
        return []
    parts = "; ".join(f"{part['duration']} {part['what']}" for part in shipped)
    return [f"at most {in_words(longest(shipped))} from a break to the page", f"that is {parts}"]


def in_words(seconds: float) -> str:
    """``4530`` as ``1 h 15 min 30 s``."""
    whole = round(seconds)
    parts = ((whole // 3600, "h"), (whole % 3600 // 60, "min"), (whole % 60, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"
