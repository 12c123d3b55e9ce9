# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Reading data that may lack anything and hold anything: every answer has the type that is asked for. Pure."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import Any, Dict, List, Mapping

Record = Dict[str, Any]
_LATEST = 253402300799.0  # the end of the year 9999


def records(value: Any) -> List[Record]:
    """The mappings in a list; none where it is no list."""
    return [dict(each) for each in value if isinstance(each, Mapping)] if isinstance(value, (list, tuple)) else []


def record(value: Any) -> Record:
    """A mapping; an empty one where it is none."""
    return dict(value) if isinstance(value, Mapping) else {}


def texts(value: Any) -> List[str]:
    """The texts in a list; one text alone counts as a list of it."""
    if isinstance(value, str):
        return [value] if value else []
    return [str(each) for each in value if each not in (None, "")] if isinstance(value, (list, tuple)) else []


def text(value: Any) -> str:
    """A text; empty for nothing."""
    return "" if value is None else str(value)


def truth(value: Any) -> bool:
    """Yes or no, as Ansible may have written it."""
    return value.strip().lower() in ("true", "yes", "1") if isinstance(value, str) else bool(value)


def number(value: Any) -> float:
    """A finite number of zero or more, such as seconds; else 0.0."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return found if math.isfinite(found) and found > 0 else 0.0


def moment(value: Any) -> float:
    """Seconds since 1970 of a number or an ISO 8601 text; 0.0 where it is neither, or lies beyond the year 9999."""
    found = number(value)
    if not found and isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
        except ValueError:
            return 0.0
        found = number((parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)).timestamp())
    return found if found <= _LATEST else 0.0


def utc(seconds: float) -> str:
    """``2026-04-19 07:12:03``; a dash for no time."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S") if seconds else "-"


def iso(seconds: float) -> str:
    """``2026-04-19T07:12:03.120Z``; empty for no time."""
    if not seconds:
        return ""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clock(seconds: float) -> str:
    """``07:12:03``."""
    return utc(seconds)[11:] if seconds else "-"


def duration(seconds: float) -> str:
    """Two parts at most: ``0.4 s``, ``12 s``, ``3 min 5 s``, ``2 h 4 min``, ``6 d 1 h``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, name, below, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // below
            return f"{whole // size} {name}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def counted(count: int, one: str, many: str = "") -> str:
    """``1 image``, ``2 images``."""
    return f"{count} {one if count == 1 else many or one + 's'}"
