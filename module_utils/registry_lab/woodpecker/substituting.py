# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the server fills into a workflow file before it parses it, and the conditions that it looks at. Pure.

Less than the real one does: of ``evaluate``, comparisons of a variable with a text, joined by ``&&`` or ``||``.
"""

from __future__ import annotations

import fnmatch
import re
from typing import Any, Dict, List, Mapping

_PLACE = re.compile(r"\$\$|\$\{(\w+)(?::(\d+):(\d+)|:-([^}]*))?\}")
_COMPARISON = re.compile(r"\s*(\w+)\s*(==|!=)\s*[\"']([^\"']*)[\"']\s*\Z")


def substituted(text: str, variables: Mapping[str, str]) -> str:
    """``text`` with ``${NAME}``, ``${NAME:0:8}`` and ``${NAME:-other}`` filled in, and ``$$`` as ``$``; what is unknown is empty."""

    def fill(match: re.Match[str]) -> str:
        name, start, length, other = match.groups()
        if name is None:
            return "$"
        value = variables.get(name, "")
        if start is not None:
            return value[int(start) : int(start) + int(length)]
        return value or other or ""

    return _PLACE.sub(fill, text)


def matches(when: Any, known: Mapping[str, str]) -> bool:
    """Whether a ``when`` takes what runs: no condition, or one of its items. ``known`` are the variables, CI_* too."""
    items = [item for item in (when if isinstance(when, list) else [when]) if isinstance(item, dict)]
    return not items or any(_item(item, known) for item in items)


def _item(item: Dict[str, Any], known: Mapping[str, str]) -> bool:
    events = texts(item.get("event"))
    if events and known["CI_PIPELINE_EVENT"] not in events:
        return False
    if not _among(known["CI_COMMIT_BRANCH"], item.get("branch")) or not _among(known["CI_COMMIT_REF"], item.get("ref")):
        return False
    return _evaluates(str(item.get("evaluate") or ""), known)


def _among(name: str, value: Any) -> bool:
    included, excluded = value, None
    if isinstance(value, dict):
        included, excluded = value.get("include"), value.get("exclude")
    taken = not texts(included) or any(fnmatch.fnmatchcase(name, one) for one in texts(included))
    return taken and not any(fnmatch.fnmatchcase(name, one) for one in texts(excluded))


def _evaluates(expression: str, known: Mapping[str, str]) -> bool:
    return not expression or any(all(_holds(part, known) for part in each.split("&&")) for each in expression.split("||"))


def _holds(comparison: str, known: Mapping[str, str]) -> bool:
    match = _COMPARISON.match(comparison)
    if match is None:
        return True
    name, how, text = match.groups()
    return (known.get(name, "") == text) == (how == "==")


def runs_after(when: Any, *, failed: bool) -> bool:
    """Whether a step runs although one before it failed, or although none did."""
    items = [item for item in (when if isinstance(when, list) else [when]) if isinstance(item, dict)]
    wanted = {status for item in items for status in texts(item.get("status"))} or {"success"}
    return ("failure" if failed else "success") in wanted


def texts(value: Any) -> List[str]:
    """One or many as a list of texts."""
    return [str(one) for one in value] if isinstance(value, list) else [] if value is None else [str(value)]
