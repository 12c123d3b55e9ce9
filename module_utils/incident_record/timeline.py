# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What happened when: moments, phases, steps and rebuilds of a run in one list, and how long each phase took. Pure."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Sequence

from .run import Registry, Run
from .safe import short_digest
from .values import Record, iso, moment, number, text

_WHAT = {
    "broken": "it broke",
    "detected": "it was detected",
    "started": "the run began",
    "diagnosed": "it was known what is broken",
    "repaired": "the repair was done",
    "proven": "the proof was done",
}
#: phase: the moment at which it ends, and the moments at which it may have begun, the best first
PHASES = {
    "detect": ("detected", ("broken",)),
    "respond": ("started", ("detected", "broken")),
    "diagnose": ("diagnosed", ("started", "detected")),
    "repair": ("repaired", ("diagnosed", "started")),
    "prove": ("proven", ("repaired", "diagnosed", "started")),
}


class Event(NamedTuple):
    """One thing that happened; ``seconds`` is how long it took, 0.0 for a moment."""

    time: float
    what: str
    host: str
    kind: str  # moment, step or rebuild
    seconds: float
    failed: bool = False

    def as_dict(self) -> Record:
        """Plain data, with the time as text beside it."""
        return {
            "time": self.time,
            "utc": iso(self.time),
            "what": self.what,
            "host": self.host,
            "kind": self.kind,
            "seconds": round(self.seconds, 3),
        }


class Phase(NamedTuple):
    """From one moment to the next."""

    name: str
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began


def events_of(run: Run) -> List[Event]:
    """All of them by time."""
    return sorted((event for registry in run.registries for event in registry_events(registry)), key=lambda event: event.time)


def registry_events(registry: Registry) -> List[Event]:
    """What happened to one registry, by time; phases that took a while are told by their ends."""
    host = registry.target or registry.name
    lengths = {PHASES[phase.name][0]: phase.seconds for phase in phases(registry)}
    found = [Event(at, _said(name, registry), host, "moment", lengths.get(name, 0.0)) for name, at in registry.moments.items()]
    found += [_step_event(step, host) for step in registry.steps if moment(step.get("began"))]
    found += [event for rebuild in registry.rebuilds for event in _rebuild_events(rebuild, host)]
    return sorted(found, key=lambda event: event.time)


def _said(name: str, registry: Registry) -> str:
    by = f" by {registry.detected_by}" if name == "detected" and registry.detected_by else ""
    return f"{_WHAT[name]}{by}"


def _step_event(step: Record, host: str) -> Event:
    began = moment(step.get("began"))
    tags = (
        ", ".join(step["tags"][:3])
        if isinstance(step.get("tags"), list) and all(isinstance(t, str) for t in step["tags"])
        else ""
    )
    what = f"{text(step.get('action'))} {text(step.get('role'))} {short_digest(text(step.get('digest')))} in {text(step.get('repository'))}"
    what += f" ({tags})" if tags else ""
    return Event(began, what, host, "step", max(0.0, moment(step.get("ended")) - began), step.get("state") == "failed")


def _rebuild_events(rebuild: Record, host: str) -> List[Event]:
    image = text(rebuild.get("image") or rebuild.get("name"))
    steps = rebuild.get("steps") if isinstance(rebuild.get("steps"), list) else []
    found = []
    for step in steps or []:
        began = moment(step.get("began")) if isinstance(step, dict) else 0.0
        if began:
            seconds = max(0.0, moment(step.get("ended")) - began)
            what = f"rebuild {image} ({text(rebuild.get('way')) or 'nobody'}): {text(step.get('what'))}"
            found.append(Event(began, what, host, "rebuild", seconds, step.get("state") == "failed"))
    return found


def phases(registry: Registry) -> List[Phase]:
    """Those whose both ends are known, in order; none ends before it began."""
    found = []
    for name, (end, begins) in PHASES.items():
        began = next((registry.moments[each] for each in begins if each in registry.moments), 0.0)
        ended = registry.moments.get(end, 0.0)
        if began and ended >= began:
            found.append(Phase(name, began, ended))
    return found


def clocks(run: Run) -> Dict[str, float]:
    """Seconds from :func:`origin` until it was detected, diagnosed, repaired, proven: those that are known."""
    began = run.moment(origin(run)) if origin(run) else 0.0
    ends = {"detect": "detected", "diagnose": "diagnosed", "repair": "repaired", "prove": "proven"}
    known = {name: run.moment(end) for name, end in ends.items() if end != origin(run)}
    return {name: at - began for name, at in known.items() if at and began and at >= began}


def origin(run: Run) -> str:
    """The moment that times are told from: when it broke, else when it was detected, else when the run began; empty where none is known."""
    return next((name for name in ("broken", "detected", "started") if run.moment(name)), "")


def total(events: Sequence[Event]) -> float:
    """Seconds from the first to the end of the last."""
    return max((event.time + (event.seconds if event.kind != "moment" else 0.0) for event in events), default=0.0) - min(
        (event.time for event in events), default=0.0
    )


def step_seconds(step: Record) -> str:
    """How long a step took, where that is known."""
    began, ended = moment(step.get("began")), moment(step.get("ended"))
    return f"{number(ended - began):.1f} s" if began and ended >= began else ""
