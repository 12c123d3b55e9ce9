# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The parts of the page that are tables and words: what was hit, what remains, what may have caused it, the journal. Pure."""

from __future__ import annotations

from typing import List, Sequence

from ..causes import Cause, causes_of
from ..images import Image
from ..run import Registry, Run
from ..safe import short
from ..values import Record, counted, moment, text, texts, utc
from ..verdict import commands
from .markup import Child, Markup, Rows, capped, digest, folded, items, join, name, tag
from .outcome import badge_of

_MOST_ROWS, _MOST_USES, _MOST_JOURNAL = 100, 6, 80


def impact(run: Run) -> Markup:
    """Who uses what, those in use first."""
    used, unused = [each for each in run.images if each.in_use], [each for each in run.images if not each.in_use]
    if not run.images:
        return tag("p", "No image is known to be broken, so none is hit.", class_="soft")
    columns = ("Image", "Used by", "Broken for", "Outcome")
    parts: List[Child] = []
    if used:
        caption = f"{counted(len(used), 'broken image')} in use"
        parts.append(capped(caption, columns, [_impact_row(each) for each in used], _MOST_ROWS, "plan.json"))
    else:
        parts.append(tag("p", "None of the broken images is known to be in use."))
    if unused:
        rows: Rows = [[name(each.name), _platforms(each), badge_of(each)] for each in unused]
        inner = capped("Not known to be used", ("Image", "Broken for", "Outcome"), rows, _MOST_ROWS, "plan.json")
        parts.append(
            folded(f"{counted(len(unused), 'broken image')} that nothing is known to use", inner, open_=len(unused) <= 5)
        )
    return join(parts)


def _impact_row(image: Image) -> List[Child]:
    uses: List[Child] = [_use(each) for each in image.uses[:_MOST_USES]]
    if len(image.uses) > _MOST_USES:
        uses.append(f"and {len(image.uses) - _MOST_USES} more")
    return [name(image.name), items(uses) if uses else "in use, by whom is not told", _platforms(image), badge_of(image)]


def _use(use: Record) -> Markup:
    where = f" on {short(text(use['host']), 60)}" if use.get("host") else ""
    detail = f" ({short(text(use['detail']), 80)})" if use.get("detail") else ""
    return join([f"{short(text(use.get('kind')), 20)} ", name(text(use.get("name")), 80), where, detail])


def _platforms(image: Image) -> Child:
    shown = ["attestation" if each == "unknown/unknown" else short(each, 40) for each in image.platforms]
    more = f" and {len(shown) - 8} more" if len(shown) > 8 else ""
    return ", ".join(shown[:8]) + more if shown else "not told"


def remains(registry: Registry) -> Markup:
    """What is still to be done, and with which command."""
    rows: Rows = [
        [
            name(f"{text(each.get('repository'))}{':' if each.get('tags') else ''}{', '.join(texts(each.get('tags'))[:6])}"),
            join([f"{short(text(each.get('role')), 20)} ", digest(text(each.get("digest")))]),
            short(text(each.get("why"))),
            short(", ".join(texts(each.get("next")))),
        ]
        for each in registry.remaining
    ]
    parts: List[Child] = [tag("p", short(registry.problem, 1000))] if registry.problem else []
    if rows:
        parts.append(capped("What its digest cannot repair", ("Image", "What", "Why", "Next"), rows, _MOST_ROWS, "report.json"))
    if registry.still_broken and not rows:
        rows = [_broken_row(each) for each in registry.still_broken]
        parts.append(capped("What is broken now", ("Image", "Code", "State", "Digest"), rows, _MOST_ROWS, "report.json"))
    rows = [_difference_row(each) for each in registry.differences]
    if rows:
        columns = ("Image", "Disk", "Registry", "Meaning")
        parts.append(capped("Where disk and registry differ", columns, rows, _MOST_ROWS, "after.json"))
    lines = commands(registry)
    if lines:
        where = "" if registry.target else " HOST is its name in the inventory."
        shown = tag("code", join([part for line in lines for part in (line, Markup("\n"))]))
        parts += [tag("p", f"To go on, from the checkout:{where}"), tag("pre", shown, tabindex=0)]
    return join(parts) if parts else tag("p", "Nothing remains.", class_="soft")


def _broken_row(finding: Record) -> List[Child]:
    words = (short(text(finding.get(key)), 40) for key in ("code", "state"))
    return [name(_finding_name(finding)), *words, digest(text(finding.get("digest")))]


def _difference_row(difference: Record) -> List[Child]:
    return [name(_finding_name(difference)), *(short(text(difference.get(key))) for key in ("disk", "http", "meaning"))]


def _finding_name(finding: Record) -> str:
    tags = texts(finding.get("tags"))
    return f"{text(finding.get('repository') or finding.get('registry') or finding.get('file'))}{':' + ', '.join(tags[:6]) if tags else ''}"


def quarantine(registry: Registry) -> Markup:
    """What was moved aside."""
    rows: Rows = [
        [
            digest(text(each.get("digest"))),
            name(text(each.get("path")), 90),
            name(text(each.get("kept")), 90),
            short(text(each.get("reason"))),
        ]
        for each in registry.quarantine
    ]
    return capped("Below the store's rootdirectory", ("Digest", "Was at", "Is kept at", "Why"), rows, _MOST_ROWS, "report.json")


def causes(run: Run) -> Markup:
    """What fits what was found; a person decides."""
    found = causes_of(run)
    if not found:
        return Markup("")
    return join([tag("p", "These fit what was found. None of them is proven.", class_="soft"), *map(_cause, found)])


def _cause(cause: Cause) -> Markup:
    evidence = tag("p", tag("b", "Evidence: "), short(cause.evidence, 300))
    return tag("div", tag("h3", cause.name), tag("p", cause.what), evidence, tag("p", tag("b", "To confirm: "), cause.confirm))


def journal(entries: Sequence[Record]) -> Markup:
    """What changed or failed, and the milestones."""
    told = [each for each in entries if _is_told(each)]
    rows: Rows = [
        [_time(each), short(text(each.get("event")), 40), short(text(each.get("host")), 60), short(_rest(each), 300)]
        for each in told
    ]
    note = f"{len(entries)} lines in journal.jsonl; what changed nothing is left out here."
    columns = ("Time (UTC)", "Event", "Host", "What")
    return join([tag("p", note, class_="note"), capped("Excerpt of the journal", columns, rows, _MOST_JOURNAL, "journal.jsonl")])


def _is_told(entry: Record) -> bool:
    event = text(entry.get("event"))
    return event != "task-started" and (event != "task-ended" or entry.get("result") in ("changed", "failed", "unreachable"))


def _time(entry: Record) -> str:
    at = moment(entry.get("time"))
    return utc(at) if at else short(text(entry.get("time")), 30)


def _rest(entry: Record) -> str:
    """All other fields, in words."""
    left = {
        key: value for key, value in entry.items() if key not in ("time", "event", "host") and value not in (None, "", [], {})
    }
    return "; ".join(f"{key} {_flat(value)}" for key, value in left.items())


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {text(inner)}" for key, inner in value.items())
    return ", ".join(map(text, value)) if isinstance(value, list) else text(value)
