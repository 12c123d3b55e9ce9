# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The results of a run as they are, made into records that always have every field; a drill's scenarios become registries of their own. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

from .images import Image, images_of
from .values import Record, moment, record, records, text, texts, truth

#: the moments of an incident, in order
MOMENTS = ("broken", "detected", "started", "diagnosed", "repaired", "proven")
_IN_A_DRILL = {"break": "broken", "detect": "detected", "diagnose": "diagnosed", "repair": "repaired", "prove": "proven"}


class Registry(NamedTuple):
    """What a run came to in one registry."""

    name: str
    target: str  # as the inventory names it; empty where that is not known
    inventory: str  # the options that name the inventory, as the shell takes them
    run_id: str
    changed: bool
    looked_again: bool  # whether ``after`` is what was seen after a repair
    before: List[Record]
    after: List[Record]
    differences: List[Record]
    problems: List[str]
    problem: str
    text: str
    images: List[Image]
    nodes: List[Record]
    steps: List[Record]
    remaining: List[Record]
    quarantine: List[Record]
    rebuilds: List[Record]
    moments: Dict[str, float]  # of MOMENTS, those that are known, in seconds since 1970
    detected_by: str
    notes: List[str]  # what a drill broke and proved

    @property
    def planned(self) -> bool:
        """Whether steps were only named: check mode, or a diagnosis."""
        return not self.looked_again and any(step.get("state") == "planned" for step in self.steps)

    @property
    def still_broken(self) -> List[Record]:
        """What was found last, wasted space apart."""
        return [each for each in (self.after if self.looked_again else self.before) if each.get("severity") != "info"]


class Run(NamedTuple):
    """A whole run."""

    name: str  # the playbook
    registries: List[Registry]
    unseen: List[str]
    problem: str
    journal: List[Record]

    @property
    def found(self) -> List[Record]:
        """Everything that was broken at first, wasted space apart."""
        return [each for registry in self.registries for each in registry.before if each.get("severity") != "info"]

    @property
    def images(self) -> List[Image]:
        """Every broken image, those in use first."""
        return sorted((image for registry in self.registries for image in registry.images), key=lambda image: not image.in_use)

    @property
    def problems(self) -> List[str]:
        """What could not be looked at."""
        return list(dict.fromkeys([*self.unseen, *(each for registry in self.registries for each in registry.problems)]))

    def moment(self, name: str) -> float:
        """When that was: the first registry's beginnings, the last one's ends; 0.0 where it is not known."""
        known = [registry.moments[name] for registry in self.registries if name in registry.moments]
        latest = name in ("diagnosed", "repaired", "proven")
        complete = not latest or len(known) == len([each for each in self.registries if each.moments])
        return (max(known) if latest else min(known)) if known and complete else 0.0


def run_of(data: Mapping[str, Any], journal: Sequence[Record] = ()) -> Run:
    """A run from the data of a report: ``results``, ``unseen``, and maybe ``run`` and ``problem``."""
    inventory = text(data.get("inventory"))
    registries = [
        registry._replace(inventory=inventory) for result in records(data.get("results")) for registry in _registries(result)
    ]
    return Run(text(data.get("run")), registries, texts(data.get("unseen")), text(data.get("problem")), list(journal))


def _registries(result: Record) -> List[Registry]:
    scenarios = records(result.get("scenarios"))
    if not scenarios:
        return [_registry(result)]
    return [_scenario(each) for each in scenarios]


def _scenario(drill: Record) -> Registry:
    """A scenario of a drill. Its evidence and proofs are words; it keeps no findings."""
    times = {_IN_A_DRILL[name]: at for name, at in record(drill.get("times")).items() if name in _IN_A_DRILL}
    passed = truth(drill.get("passed"))
    told = {"broke": "broken", "showed": "evidence", "proved": "proved"}
    return _registry(
        {
            **drill,
            "name": f"drill {text(drill.get('scenario'))}",
            "times": times,
            "changed": any(step.get("state") == "done" for step in records(drill.get("steps"))),
            "before": records(drill.get("findings")),
            "findings": [],
            "problem": "" if passed else text(drill.get("problem")) or "the drill failed",
            "notes": [f"{verb}: {line}" for verb, key in told.items() for line in texts(drill.get(key))],
        }
    )


def _registry(result: Record) -> Registry:
    looked_again = "before" in result
    after = records(result.get("findings"))
    before = records(result.get("before")) if looked_again else after
    steps = records(result.get("steps")) or [step for step in records(result.get("plan")) if step.get("repository")]
    graph = result.get("graph")
    detected = record(result.get("detected"))
    return Registry(
        name=text(result.get("name")) or "registry",
        target=text(result.get("target") or result.get("host")),
        inventory="",
        run_id=text(result.get("run_id")),
        changed=truth(result.get("changed")),
        looked_again=looked_again and not _is_plan(result, steps),
        before=before,
        after=after if looked_again else [],
        differences=records(result.get("differences")),
        problems=texts(result.get("problems")),
        problem=text(result.get("problem")).strip(),
        text=text(result.get("text")),
        images=images_of(result, before, after, steps),
        nodes=records(graph.get("nodes") if isinstance(graph, Mapping) else graph),
        steps=steps,
        remaining=records(result.get("remaining")),
        quarantine=records(result.get("quarantine")),
        rebuilds=records(result.get("rebuilds")),
        moments=_moments(result, detected),
        detected_by=text(detected.get("by")),
        notes=texts(result.get("notes")),
    )


def _is_plan(result: Record, steps: Sequence[Record]) -> bool:
    """Whether nothing was changed, as in check mode; records of older runs only show it in their steps."""
    return truth(result["planned"]) if "planned" in result else any(step.get("state") == "planned" for step in steps)


def _moments(result: Record, detected: Record) -> Dict[str, float]:
    times = record(result.get("times"))
    given = {**times, "detected": times.get("detected") or detected.get("time")}
    given["repaired"] = times.get("repaired") or result.get("repaired_at")
    if "scenario" not in result and not truth(result.get("changed")):
        given["repaired"] = 0  # there was nothing to repair, or it was only planned
    known = {name: moment(given.get(name)) for name in MOMENTS}
    return {name: at for name, at in known.items() if at}
