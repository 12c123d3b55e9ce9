# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What of a task's result belongs into the journal: its plan, its evidence and the digests that it names; pure.

Lists are cut to ``ITEMS`` with the whole ``count`` beside them, texts to ``TEXT`` characters, and what looks like a secret by its
name is masked: a plan may have thousands of steps, and a line of the journal stays short enough to be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .redaction import MASK, SECRET_NAME

ITEMS = 50
TEXT = 300
_DEPTH = 3
PLANS = ("plan", "steps")
EVIDENCE = ("findings", "differences", "remaining", "proven", "quarantine", "images", "problems", "pipeline", "failed_step")
_DIGEST = re.compile(r"\bsha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})\b")


def of(data: dict[str, Any]) -> dict[str, Any]:
    """``plan``, ``evidence`` and ``digests`` of a result, those that it has; of each item where the task was a loop."""
    loop = data.get("results")
    parts = [data, *(item for item in loop if isinstance(item, dict))] if isinstance(loop, list) else [data]
    plan = [step for part in parts for name in PLANS for step in _dicts(part.get(name))]
    evidence = {name: part[name] for part in parts for name in EVIDENCE if part.get(name)}
    digests = list(dict.fromkeys(_digests([plan, evidence, *(part.get("digest") for part in parts)])))
    found = {"plan": capped(plan) if plan else None, "digests": capped(digests) if digests else None}
    if evidence:
        found["evidence"] = {
            name: capped(value) if isinstance(value, list) else _short(value) for name, value in evidence.items()
        }
    return {name: value for name, value in found.items() if value}


def capped(items: list[Any]) -> dict[str, Any]:
    """``{count, first}``: how many there are, and the first of them."""
    return {"count": len(items), "first": [_short(item) for item in items[:ITEMS]]}


def states(plan: list[dict[str, Any]]) -> dict[str, int]:
    """How many steps are in which state."""
    counts: dict[str, int] = {}
    for step in plan:
        state = str(step.get("state", ""))
        counts[state] = counts.get(state, 0) + 1
    return counts


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _digests(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _DIGEST.findall(value)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _digests(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _digests(inner)


def _short(value: Any, depth: int = _DEPTH, name: str = "") -> Any:
    if isinstance(value, str):
        if SECRET_NAME.search(name):
            return MASK
        return value if len(value) <= TEXT else f"{value[:TEXT]}..."
    if not isinstance(value, (dict, list)):
        return value
    if depth == 0:
        return f"({len(value)} more)"
    if isinstance(value, dict):
        return {str(key): _short(inner, depth - 1, str(key)) for key, inner in list(value.items())[:ITEMS]}
    return [_short(inner, depth - 1, name) for inner in value[:ITEMS]]
