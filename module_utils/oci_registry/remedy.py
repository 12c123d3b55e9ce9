# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a plan has for a finding, in a few words for a table. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple

from .findings import Finding

Step = Mapping[str, Any]

_NOTHING_HELPS = "-"


class Repairs:
    """The steps of a repair plan, found by what they are about. Without a plan, findings only tell the class of their repair."""

    def __init__(self, plan: Sequence[Step]) -> None:
        steps = [step for step in plan if step["state"] != "skipped"]
        self._by_thing: Dict[Tuple[str, str], List[Step]] = {}
        for step in steps:
            self._by_thing.setdefault((step["repository"], step["digest"]), []).append(step)
        self._copies = [step for step in steps if step["cost"] == "copy"]

    def of(self, finding: Finding) -> str:
        """The cheapest sound repair, with its source; ``-`` where nothing helps or is needed."""
        steps = self._by_thing.get((finding.repository, finding.digest), [])
        if not steps:
            return finding.repairs[0] if finding.repairs else _NOTHING_HELPS
        words = [_words(step) for step in steps]
        if finding.state == "hollow":
            words = [*self._what_fills(finding), *words]
        return ", then ".join(dict.fromkeys(words))

    def _what_fills(self, finding: Finding) -> List[str]:
        """The restores that a hollow manifest waits for: those for the same tags."""
        wanted = set(finding.tags)
        fills = [step for step in self._copies if step["repository"] == finding.repository and wanted & set(step["tags"])]
        return sorted({_words(step) for step in fills if step["digest"] != finding.digest})


def _words(step: Step) -> str:
    source = f" from {step['source']}" if step.get("source") else ""
    approval = ", needs approval" if step["needs_approval"] else ""
    return f"{step['action']}{source} ({step['way']}{approval})"
