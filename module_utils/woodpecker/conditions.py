# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Conditions (``when``) as the server reads them: which of their items let a manual run through, and whether of any branch.

Items are alternatives, the keys of one item must all hold. ``path`` and ``cron`` are not looked at in manual runs.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Sequence

MANUAL = "manual"
#: An item with this lets through whatever is not started by hand.
NOT_MANUAL = 'CI_PIPELINE_EVENT != "manual"'
#: What else of an item holds for runs of any event, and belongs into one that is made for manual runs.
_CARRIED = ("repo", "instance", "platform", "matrix", "status", "local")
_ANY = ("*", "**")

Item = Dict[str, Any]


class Verdict(NamedTuple):
    """Numbers of the items that let manual runs through: of named branches only (``filtered``), or of any (``open``)."""

    filtered: List[int]
    open: List[int]

    @property
    def admits(self) -> bool:
        """Whether any manual run comes through."""
        return bool(self.filtered or self.open)


def judge(conditions: Sequence[Item]) -> Verdict:
    """Look at all items. An item with ``ref`` is left out: up to 3.17 none that names a branch holds for manual runs."""
    passing = [number for number, item in enumerate(conditions) if admits(item, MANUAL) and "ref" not in item]
    is_filtered = {number: bool(_filter(conditions[number].get("branch"))) for number in passing}
    return Verdict([n for n in passing if is_filtered[n]], [n for n in passing if not is_filtered[n]])


def admits(item: Item, event: str) -> bool:
    """Whether an item lets runs of an event through, as far as the event decides."""
    if event == MANUAL and _normal(item.get("evaluate")) == _normal(NOT_MANUAL):
        return False
    events = strings(item.get("event"))
    return not events or event in events


def branches(item: Item) -> List[str]:
    """The branches that an item names, patterns too; none where it excludes some."""
    value = item.get("branch")
    if isinstance(value, dict):
        return [] if value.get("exclude") else strings(value.get("include"))
    return strings(value)


def pushed_branches(conditions: Sequence[Item]) -> List[str]:
    """The branches from which a push gets through; none where it may be any."""
    found = [branches(item) for item in conditions if admits(item, "push")]
    named = [branch for each in found for branch in each]
    return [] if any(not each or set(each) & set(_ANY) for each in found) else list(dict.fromkeys(named))


def common_branches(one: Sequence[str], other: Sequence[str]) -> List[str]:
    """The branches that both let through, empty where that cannot be told; an empty list lets all through."""
    if not one or not other:
        return list(one or other)
    unsure = [any(not is_name(name) and name not in those for name in these) for these, those in ((one, other), (other, one))]
    if all(unsure):
        return []
    both = [name for name in one if name in other or is_among(name, other)]
    return list(dict.fromkeys([*both, *(name for name in other if is_among(name, one))]))


def is_name(branch: str) -> bool:
    """Whether it names one branch, and is no pattern."""
    return not re.search(r"[*?\[\]{}\\]", branch)


def is_among(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name is one of those that patterns of stars let through; other patterns are left out."""
    simple = [pattern for pattern in patterns if not re.search(r"[?\[\]{}\\]", pattern)]
    return is_name(name) and any(re.fullmatch(_expression(pattern), name) for pattern in simple)


def _expression(pattern: str) -> str:
    ways = {"**": ".*", "*": "[^/]*"}
    return "".join(ways.get(part) or re.escape(part) for part in re.split(r"(\*\*|\*)", pattern))


def strings(value: Any) -> List[str]:
    """A scalar or a list as a list of text."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [str(each) for each in values if not isinstance(each, (dict, list))]


def _filter(value: Any) -> bool:
    """Whether a ``branch`` names those that it lets through; to keep some out is not enough."""
    included = strings(value.get("include")) if isinstance(value, dict) else strings(value)
    return bool(included and not set(included) & set(_ANY))


def _normal(expression: Any) -> str:
    return re.sub(r"\s+", "", str(expression or "")).replace("'", '"').strip("()")


def manual_item(names: Sequence[str], like: Item) -> Item:
    """An item for manual runs of some branches, with what else holds in an item of other events."""
    return {"event": MANUAL, "branch": one_or_many(names), **{key: like[key] for key in _CARRIED if key in like}}


def one_or_many(names: Sequence[str]) -> Any:
    """Names as people write them: one without a list."""
    return names[0] if len(names) == 1 else list(names)
