# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The timeline of one registry as a picture: a row for each phase, so that no two words can meet, on one scale. Pure.

Where one stretch is longer than all others together, such as the hours before anybody noticed, it is drawn as long as those are, with a
break in it, and says so.
"""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Sequence, Tuple

from ..run import MOMENTS, Registry
from ..safe import visible
from ..timeline import Event, Phase, phases, registry_events
from ..values import clock, counted, duration, utc
from .markup import Markup, tag

_ROW, _TOP, _BAR, _AXIS = 46, 4, 12, 26
_MOST_TICKS = 300
_LEAST = 0.6  # percent: what took no time can be seen all the same
_KINDS = {"detect": "bad", "respond": "warn", "diagnose": "info", "repair": "info", "prove": "good"}
_NAMES = {
    "detect": "until it was detected",
    "respond": "from detection to this run",
    "diagnose": "diagnose",
    "repair": "repair",
    "prove": "prove",
}


class Row(NamedTuple):
    """One row: words above, bars below."""

    title: str
    detail: str
    kind: str
    spans: List[Tuple[float, float, bool]]  # began, ended, failed


class Scale:
    """From seconds since 1970 to percent of the width."""

    def __init__(self, marks: Sequence[float]) -> None:
        self._marks = sorted(set(marks))
        lengths = [after - before for before, after in zip(self._marks, self._marks[1:])]
        self._drawn = list(lengths)
        #: number of the stretch that is drawn shorter than it was; -1 for none
        self.broken = -1
        for number, length in enumerate(lengths):
            others = sum(lengths) - length
            if 0 < others < length / 2:
                self._drawn[number], self.broken = others, number
        self._total = sum(self._drawn) or 1.0

    def at(self, time: float) -> float:
        """Percent, within 0 to 100."""
        passed = 0.0
        for before, after, drawn in zip(self._marks, self._marks[1:], self._drawn):
            if time >= after:
                passed += drawn
            elif time > before:
                passed += drawn * (time - before) / (after - before)
        return min(100.0, 100 * passed / self._total)

    @property
    def gap(self) -> Tuple[float, float]:
        """Beginning and end of the broken stretch, in seconds since 1970."""
        return self._marks[self.broken], self._marks[self.broken + 1]


def picture(registry: Registry) -> Markup:
    """The timeline of a registry; a sentence where too little is known."""
    found = phases(registry)
    events = registry_events(registry)
    if not found:
        return tag("p", "This run kept no times of its phases.", class_="soft")
    scale = Scale(_marks(registry, events))
    rows = [*map(_phase_row, found), *_event_rows(events)]
    height = _TOP + _ROW * len(rows) + _AXIS
    told = "; ".join(f"{row.title}: {row.detail}" for row in rows)
    return tag(
        "svg",
        tag("title", f"Timeline of {visible(registry.name)[:200]}"),
        tag("desc", told[:2000]),
        *_grid(registry, scale, height),
        *(part for number, row in enumerate(rows) for part in _drawn(number, row, scale)),
        *_axis(registry, scale, height),
        height=height,
        role="img",
        class_="timeline",
    )


def _marks(registry: Registry, events: Sequence[Event]) -> List[float]:
    ends = [event.time + event.seconds for event in events if event.kind != "moment"]
    return [*registry.moments.values(), *(event.time for event in events), *ends]


def _phase_row(phase: Phase) -> Row:
    return Row(_NAMES[phase.name], duration(phase.seconds), _KINDS[phase.name], [(phase.began, phase.ended, False)])


def _event_rows(events: Sequence[Event]) -> List[Row]:
    rows = []
    for kind, one, many in (
        ("step", "step of the repair", "steps of the repair"),
        ("rebuild", "step of a rebuild", "steps of a rebuild"),
    ):
        mine = [event for event in events if event.kind == kind]
        failed = sum(event.failed for event in mine)
        if mine:
            title = counted(len(mine), one, many)
            detail = f"{failed} failed" if failed else f"longest {duration(max(event.seconds for event in mine))}"
            spans = [(event.time, event.time + event.seconds, event.failed) for event in mine[:_MOST_TICKS]]
            rows.append(Row(title, detail, "plain", spans))
    return rows


def _y(number: int) -> int:
    return _TOP + _ROW * number


def _drawn(number: int, row: Row, scale: Scale) -> List[Markup]:
    y = _y(number)
    bar = {"height": _BAR, "rx": 2}
    parts = [
        tag("text", row.title, tag("tspan", row.detail, dx=8, class_="strong"), x=0, y=y + 16),
        tag("rect", class_="track", x=0, width="100%", y=y + 23, **bar),
    ]
    for began, ended, failed in row.spans:
        left = scale.at(began)
        long = max(_LEAST, scale.at(ended) - left)
        left = min(left, 100 - long)
        kind = "bad" if failed else row.kind
        parts.append(tag("rect", class_=f"bar {kind}", x=f"{left:.2f}%", width=f"{long:.2f}%", y=y + 23, **bar))
    return parts + _break(row, scale, y)


def _break(row: Row, scale: Scale, y: int) -> List[Markup]:
    """Two strokes through a bar that is drawn shorter than it was."""
    if scale.broken < 0 or not any(began <= scale.gap[0] and ended >= scale.gap[1] for began, ended, _failed in row.spans):
        return []
    middle = f"{(scale.at(scale.gap[0]) + scale.at(scale.gap[1])) / 2:.2f}%"
    stroke = tag("path", d=f"M-2 {y + 21} L-8 {y + 37} M6 {y + 21} L0 {y + 37}", class_="break")
    return [tag("svg", stroke, x=middle, overflow="visible", class_="at")]


def _grid(registry: Registry, scale: Scale, height: int) -> List[Markup]:
    """A line through all rows at each moment."""
    at = sorted({f"{scale.at(time):.2f}%" for time in registry.moments.values()})
    return [tag("line", x1=x, x2=x, y1=_TOP, y2=height - _AXIS + 2, class_="grid") for x in at]


def _axis(registry: Registry, scale: Scale, height: int) -> List[Markup]:
    """When it began and when it ended; the words at both ends cannot meet."""
    times = [registry.moments[name] for name in MOMENTS if name in registry.moments]
    first, last = min(times), max(times)
    same_day = utc(first)[:10] == utc(last)[:10]
    y = height - 8
    parts = [tag("text", f"{utc(first)[:10]} {clock(first)}", x=0, y=y, class_="soft")]
    end = clock(last) if same_day else f"{utc(last)[5:10]} {clock(last)}"
    return [*parts, tag("text", f"{end} UTC", x="100%", y=y, text_anchor="end", class_="soft")]


def caption(registry: Registry) -> str:
    """What the picture does not show itself."""
    found: Dict[str, float] = registry.moments
    if not phases(registry):
        return ""
    scale = Scale(_marks(registry, registry_events(registry)))
    cut = (
        f"The bar with two strokes is drawn shorter than it was ({duration(scale.gap[1] - scale.gap[0])}). "
        if scale.broken >= 0
        else ""
    )
    known = (
        "" if "broken" in found or "detected" in found else "When it broke and when it was detected is not known to this run. "
    )
    return (cut + known).strip()
