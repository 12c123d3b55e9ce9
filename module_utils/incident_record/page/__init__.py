# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The record of a run as one page of HTML that needs nothing else: no network, no script, no font. Pure."""

from __future__ import annotations

from typing import Callable, List, Tuple

from ..run import Registry, Run
from ..safe import short
from ..timeline import clocks, events_of, origin
from ..values import counted, duration, utc
from ..verdict import BROKEN, EMPTY, HEALTHY, PLAN, PROVEN, REMAINS, UNSEEN, remaining_images, verdict
from . import sections
from .clockwork import caption, picture
from .graph import graphs
from .markup import Child, Markup, Rows, badge, capped, folded, items, join, section, tag
from .markup import text as escaped
from .repairs import plan
from .style import POLICY, STYLE

_KINDS = {HEALTHY: "good", PROVEN: "good", PLAN: "info", REMAINS: "warn", BROKEN: "bad", UNSEEN: "warn", EMPTY: "plain"}
_MOST_REGISTRIES, _MOST_EVENTS = 12, 60
_SINCE = {"broken": "after it broke", "detected": "after it was detected", "started": "after the run began"}
_BESIDE = ("report.txt", "report.json", "plan.json", "before.json", "after.json", "timeline.json", "post-mortem.md")
Part = Tuple[str, str, Markup]


def page(run: Run) -> str:
    """The whole document."""
    parts = _parts(run)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("link", rel="icon", href="data:,"),
        tag("title", f"{_title(run)}: {verdict(run).word}"),
        Markup(f"<style>{STYLE}</style>"),
    )
    links = items([tag("a", title, href=f"#{ident}") for ident, title, _body in parts])
    body = tag(
        "body",
        tag("header", *_header(run), tag("nav", links, aria_label="Parts of this page")),
        tag("main", *(section(ident, title, body) for ident, title, body in parts)),
        tag("footer", tag("p", f"Beside this page: {', '.join(_BESIDE)}.", class_="note")),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en-GB')}\n"


def _title(run: Run) -> str:
    names = ", ".join(registry.name for registry in run.registries[:3]) + (" and more" if len(run.registries) > 3 else "")
    return "Incident record" + (f" of {run.name}" if run.name else "") + (f", {names}" if names else "")


def _header(run: Run) -> List[Child]:
    said = verdict(run)
    word = badge(said.word, _KINDS[said.word], said.sign)
    problems = tag("div", tag("p", "Could not be looked at:"), items(run.problems[:20])) if len(run.problems) > 1 else None
    return [
        tag("h1", _title(run)),
        tag("p", word, tag("span", said.sentence[:1000]), class_="verdict"),
        _tiles(run),
        _facts(run),
        problems,
    ]


def _tiles(run: Run) -> Markup:
    """Times to detect, diagnose, repair, prove, and all in all; each says from when."""
    if not origin(run):
        return Markup("")
    tiles = [_detect_tile(run)]
    began = run.moment("started")
    for name, end in (("to diagnose", "diagnosed"), ("to repair", "repaired"), ("to prove", "proven")):
        ended, since = run.moment(end), "after the run began" if began else ""
        if not began and origin(run):
            since = _SINCE[origin(run)]
        seconds = ended - (began or run.moment(origin(run) or "started"))
        tiles.append(_tile(name, duration(seconds), since) if ended and since and seconds >= 0 else _tile(name, "", "not known"))
    whole = clocks(run).get("prove")
    if whole is not None and began and origin(run) != "started":
        tiles.append(_tile("in all, until it was proven", duration(whole), _SINCE[origin(run)]))
    return tag("ul", *tiles, class_="tiles", aria_label="Times")


def _detect_tile(run: Run) -> Markup:
    seconds = clocks(run).get("detect")
    if seconds is not None:
        return _tile("to detect", duration(seconds), _SINCE[origin(run)])
    at = run.moment("detected")
    return (
        _tile("detected at", f"{utc(at)[11:16]} UTC", "when it broke is not known") if at else _tile("to detect", "", "not known")
    )


def _tile(name: str, value: str, note: str) -> Markup:
    return tag("li", tag("span", name), tag("b", value or "–"), tag("span", note))  # noqa: RUF001


def _facts(run: Run) -> Markup:
    by = ", ".join(dict.fromkeys(each.detected_by for each in run.registries if each.detected_by))
    runs = ", ".join(each.run_id for each in run.registries if each.run_id)
    images, left = run.images, remaining_images(run)
    broken = f"{len(images)} ({sum(each.in_use for each in images)} in use)" if images else ""
    told = (
        ("Broken images", broken),
        ("Findings", str(len(run.found)) if run.found else ""),
        ("Remaining", f"{len(left)} ({sum(each.in_use for each in left)} in use)" if left else ""),
        ("Began", f"{utc(run.moment('started'))} UTC" if run.moment("started") else ""),
        ("Detected by", by),
        ("Run", runs),
    )
    return tag(
        "dl", *(part for term, value in told if value for part in (tag("dt", term), tag("dd", short(value)))), class_="facts"
    )


def _parts(run: Run) -> List[Part]:
    """Identifier, heading and content of each part; those without content are left out, but not the ones that everybody looks for."""
    each = _for_each(run)
    found: List[Part] = [
        ("impact", "Impact", sections.impact(run)),
        ("images", "The images, and what was broken", each(graphs)),
        ("timeline", "Timeline", join([each(_timeline), _events(run)])),
        ("plan", "Plan and repair", each(plan)),
        ("remains", "What remains", each(sections.remains)),
        ("causes", "What may have caused it", sections.causes(run)),
    ]
    if any(registry.quarantine for registry in run.registries):
        found.append(("quarantine", "Quarantine", each(lambda one: sections.quarantine(one) if one.quarantine else Markup(""))))
    if any(registry.notes for registry in run.registries):
        found.append(("drill", "The drill", each(lambda one: items(one.notes))))
    if run.journal:
        found.append(("journal", "Journal", sections.journal(run.journal)))
    if any(registry.text for registry in run.registries):
        found.append(("report", "Report as text", each(_report)))
    return [part for part in found if part[2]]


def _report(registry: Registry) -> Markup:
    return folded("Show it", tag("pre", escaped(registry.text, lines=True), tabindex=0)) if registry.text else Markup("")


def _for_each(run: Run) -> Callable[[Callable[[Registry], Markup]], Markup]:
    """A part for each registry, under its name where there are several."""

    def parts(make: Callable[[Registry], Markup]) -> Markup:
        if not run.registries:
            return tag("p", "Nothing was looked at.", class_="soft")
        made = [(registry, make(registry)) for registry in run.registries[:_MOST_REGISTRIES]]
        if len(run.registries) < 2:
            return join(body for _registry, body in made)
        left = len(run.registries) - _MOST_REGISTRIES
        more = (
            tag("p", f"{counted(left, 'more registry', 'more registries')}: see report.json.", class_="note")
            if left > 0
            else None
        )
        return join([*(tag("div", tag("h3", registry.name), body) for registry, body in made if body), more])

    return parts


def _timeline(registry: Registry) -> Markup:
    note = caption(registry)
    return tag("figure", picture(registry), tag("figcaption", note, class_="note") if note else None, class_="wide")


def _events(run: Run) -> Markup:
    events = events_of(run)
    if not events:
        return Markup("")
    rows: Rows = [
        [f"{utc(event.time)}", event.what[:300], event.host[:100], duration(event.seconds) if event.seconds else ""]
        for event in events
    ]
    inner = capped("Everything with a time", ("Time (UTC)", "What", "Where", "Took"), rows, _MOST_EVENTS, "timeline.json")
    return folded(f"{counted(len(events), 'event')} in words", inner)
