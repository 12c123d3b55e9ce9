# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether an act ended as it must: what a person saw, held against what was broken. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Sequence

from .scenarios.scene import Wanted

Finding = Mapping[str, Any]


class Outcome(NamedTuple):
    """How an act ended. ``results``: of the report of a playbook; a command and a pull have none."""

    exit: int
    changed: int = 0
    results: Sequence[Mapping[str, Any]] = ()
    text: str = ""
    log: str = ""  # file with all that a playbook printed


def wrong(wanted: Wanted, outcome: Outcome) -> List[str]:
    """What is not as it must be: a line for each; empty where all is right."""
    lines = [] if outcome.exit == wanted.exit else [f"ended with {outcome.exit}, not {wanted.exit}"]
    if wanted.changed is not None and wanted.changed != bool(outcome.changed):
        lines.append("changed nothing" if wanted.changed else f"changed something: {outcome.changed} tasks")
    for name, what in (("findings", wanted.findings), ("found", wanted.found)):
        if what is not None:
            lines += _misjudged(what, _of(outcome.results, name))
    if wanted.plan is not None:
        planned = Counter(step.get("action") for step in _of(outcome.results, "plan"))
        if planned != Counter(wanted.plan):
            lines.append(f"planned {dict(planned)}, not {wanted.plan}")
    said = " ".join(outcome.text.split())  # long lines are folded on a screen
    lines += [f"does not say {words!r}" for words in wanted.says if not any(word in said for word in words.split("|"))]
    return lines + [f"says {words!r}" for words in wanted.never if words in said]


def _of(results: Iterable[Mapping[str, Any]], name: str) -> List[Finding]:
    return [one for result in results for one in result.get(name) or []]


def _misjudged(wanted: Sequence[Finding], found: Sequence[Finding]) -> List[str]:
    """Every finding that is wanted must be there, once, and no other that accuses anything."""
    left = [one for one in found if one.get("severity") != "info"]
    missed = []
    for one in wanted:
        fitting = next((each for each in left if _fits(one, each)), None)
        if fitting is None:
            missed.append(f"missed {_words(one)}")
        else:
            left.remove(fitting)
    return missed + [f"found what was not broken: {_words(one)}" for one in left]


def _fits(wanted: Finding, found: Finding) -> bool:
    return all(_plain(found.get(key)) == _plain(value) for key, value in wanted.items())


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, (list, tuple)) else value


def _words(finding: Finding) -> str:
    known: Dict[str, Any] = {
        key: finding[key] for key in ("code", "registry", "repository", "digest", "tags") if finding.get(key)
    }
    return " ".join(str(value) for value in known.values()) or str(dict(finding))[:300]
