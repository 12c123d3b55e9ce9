# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The parts of the page that are tables and words: what was hit, what was planned and done, what remains, the journal. Pure."""

from __future__ import annotations

from typing import List, Sequence

from ..causes import causes_of
from ..images import Image
from ..run import Registry, Run
from ..safe import short
from ..timeline import step_seconds
from ..values import Record, counted, moment, record, records, text, texts, truth, utc
from ..verdict import commands
from .markup import Child, Markup, digest, folded, items, join, name, table, tag
from .outcome import badge_of, badge_of_step

_MOST_ROWS, _MOST_USES, _MOST_STEPS, _MOST_JOURNAL = 100, 6, 200, 80
Rows = List[List[Child]]


def capped(caption: str, columns: Sequence[str], rows: Rows, most: int, where: str) -> Markup:
    """A table of the first rows, and how many more there are."""
    shown = table(caption, columns, rows[:most])
    left = len(rows) - most
    return join([shown, tag("p", f"{left} more: see {where}.", class_="note")]) if left > 0 else shown


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
        parts.append(folded(f"{counted(len(unused), 'broken image')} that nothing is known to use", inner, open_=len(unused) <= 5))
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
    return ", ".join(shown[:8]) + more if shown else "every platform"


def plan(registry: Registry) -> Markup:
    """What was chosen for each image, what else could have been, and the steps."""
    parts: List[Child] = []
    if registry.images:
        rows: Rows = [
            [name(each.name), short(each.chosen) or "nothing", badge_of(each), short(each.why), _others(each)] for each in registry.images
        ]
        columns = ("Image", "Chosen", "Outcome", "Why", "Not chosen")
        parts.append(capped("What was chosen for each image", columns, rows, _MOST_ROWS, "plan.json"))
    if registry.steps:
        told = [step for step in registry.steps if step.get("state") != "skipped"]
        columns = ("Step", "What", "Image", "State", "Took", "Why")
        inner = capped("In their order", columns, [_step_row(each) for each in told], _MOST_STEPS, "plan.json")
        parts.append(folded(f"{counted(len(told), 'step')}, {len(registry.steps) - len(told)} skipped", inner))
    parts += [_rebuild(each) for each in registry.rebuilds]
    return join(parts) if parts else tag("p", "Nothing was planned.", class_="soft")


def _others(image: Image) -> Child:
    left = [each for each in image.candidates if each.get("action") != image.chosen]
    return folded(counted(len(left), "other way"), items([_candidate(each) for each in left[:12]])) if left else ""


def _candidate(candidate: Record) -> Markup:
    facts = ", ".join(text(candidate[key]) for key in ("cost", "way") if candidate.get(key))
    said = (
        ("from", text(candidate.get("source"))),
        ("needs", text(candidate.get("needs"))),
        ("approve", ", ".join(texts(candidate.get("approval")))),
        ("not possible", "" if truth(candidate.get("possible")) else text(candidate.get("reason")) or "no reason is told"),
        ("why", text(candidate.get("reason")) if truth(candidate.get("possible")) else ""),
    )
    told = "".join(f"; {verb}: {short(what, 120)}" for verb, what in said if what)
    shown = join(["; to ", digest(text(candidate["digest"]))]) if candidate.get("digest") else None
    return join([tag("b", short(text(candidate.get("action")), 30)), f" ({short(facts, 40)})", shown, told])


def _step_row(step: Record) -> List[Child]:
    tags = ", ".join(texts(step.get("tags"))[:3])
    what = join([f"{short(text(step.get('role')), 20)} ", digest(text(step.get("digest")))]) if step.get("digest") else text(step.get("role"))
    where = name(f"{text(step.get('repository'))}{':' if tags else ''}{tags}") if step.get("repository") else ""
    way = f"{text(step.get('action'))} ({text(step.get('way')) or 'operator'})"
    why = short(text(step.get("detail")) or text(step.get("reason")))
    return [short(way, 60), what, where, badge_of_step(step.get("state")), step_seconds(step), why]


def _rebuild(rebuild: Record) -> Markup:
    rows: Rows = [
        [short(text(each.get("what"))), badge_of_step(each.get("state")), step_seconds(each), short(text(each.get("detail")))]
        for each in records(rebuild.get("steps"))
    ]
    facts = [f"way: {text(rebuild.get('way')) or 'none'}"] + [f"platforms: {', '.join(texts(rebuild.get('platforms')))}"] * bool(rebuild.get("platforms"))
    head = name(text(rebuild.get("image") or rebuild.get("name")))
    said = tag("p", f"{short('; '.join(facts))}; digest: ", digest(text(rebuild.get("digest"))), class_="note")
    problem = tag("p", short(text(rebuild["problem"]), 400)) if rebuild.get("problem") else None
    failed = records(rebuild.get("failed_pipelines"))
    lines = [_pipeline(each) for each in failed[:20]]
    pipelines = join([tag("p", f"{counted(len(failed), 'pipeline')} failed meanwhile:"), items(lines)]) if failed else None
    steps = table("Steps of the rebuild", ("What", "State", "Took", "Detail"), rows[:_MOST_ROWS]) if rows else None
    return tag("div", tag("h3", "Rebuild of ", head), said, problem, steps, pipelines)


def _pipeline(pipeline: Record) -> str:
    return short(f"{text(pipeline.get('repository'))} {text(pipeline.get('number'))}: {text(pipeline.get('status'))} {text(pipeline.get('title'))}")


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
        rows = [[name(_finding_name(each)), short(text(each.get("code")), 40), short(text(each.get("state")), 40), digest(text(each.get("digest")))] for each in registry.still_broken]
        parts.append(capped("What is broken now", ("Image", "Code", "State", "Digest"), rows, _MOST_ROWS, "report.json"))
    rows = [[name(_finding_name(each)), short(text(each.get("disk"))), short(text(each.get("http"))), short(text(each.get("meaning")))] for each in registry.differences]
    if rows:
        parts.append(capped("Where disk and registry differ", ("Image", "Disk", "Registry", "Meaning"), rows, _MOST_ROWS, "after.json"))
    lines = commands(registry)
    if lines:
        where = "" if registry.target else " HOST is its name in the inventory."
        parts += [tag("p", f"To go on, from the checkout:{where}"), tag("pre", tag("code", "\n".join(lines)) if len(lines) == 1 else _lines(lines), tabindex=0)]
    return join(parts) if parts else tag("p", "Nothing remains.", class_="soft")


def _lines(lines: Sequence[str]) -> Markup:
    return tag("code", join([part for line in lines for part in (line, Markup("\n"))]))


def _finding_name(finding: Record) -> str:
    tags = texts(finding.get("tags"))
    return f"{text(finding.get('repository') or finding.get('registry') or finding.get('file'))}{':' + ', '.join(tags[:6]) if tags else ''}"


def quarantine(registry: Registry) -> Markup:
    """What was moved aside."""
    rows: Rows = [
        [digest(text(each.get("digest"))), name(text(each.get("path")), 90), name(text(each.get("kept")), 90), short(text(each.get("reason")))]
        for each in registry.quarantine
    ]
    return capped("Below the store's rootdirectory", ("Digest", "Was at", "Is kept at", "Why"), rows, _MOST_ROWS, "report.json")


def causes(run: Run) -> Markup:
    """What fits what was found; a person decides."""
    found = causes_of(run)
    parts = [
        tag("div", tag("h3", cause.name), tag("p", cause.what), tag("p", tag("b", "Evidence: "), short(cause.evidence, 300)), tag("p", tag("b", "To confirm: "), cause.confirm))
        for cause in found
    ]
    return join([tag("p", "These fit what was found. None of them is proven.", class_="soft"), *parts]) if parts else Markup("")


def journal(entries: Sequence[Record]) -> Markup:
    """What changed or failed, and the milestones."""
    told = [each for each in entries if _is_told(each)]
    rows: Rows = [[_time(each), short(text(each.get("event")), 40), short(text(each.get("host")), 60), short(_rest(each), 300)] for each in told]
    note = f"{len(entries)} lines in journal.jsonl; what changed nothing is left out here."
    return join([tag("p", note, class_="note"), capped("Excerpt of the journal", ("Time (UTC)", "Event", "Host", "What"), rows, _MOST_JOURNAL, "journal.jsonl")])


def _is_told(entry: Record) -> bool:
    event = text(entry.get("event"))
    return event != "task-started" and (event != "task-ended" or entry.get("result") in ("changed", "failed", "unreachable"))


def _time(entry: Record) -> str:
    at = moment(entry.get("time"))
    return utc(at) if at else short(text(entry.get("time")), 30)


def _rest(entry: Record) -> str:
    """All other fields, in words."""
    told = []
    for key, value in entry.items():
        if key not in ("time", "event", "host") and value not in (None, "", [], {}):
            inner = ", ".join(f"{at} {text(it)}" for at, it in record(value).items()) if isinstance(value, dict) else ", ".join(map(text, value)) if isinstance(value, list) else text(value)
            told.append(f"{key} {inner}")
    return "; ".join(told)
