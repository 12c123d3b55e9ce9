# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What was chosen for each image and what else could have been, the steps of the repair, and the rebuilds. Pure."""

from __future__ import annotations

from typing import List

from ..images import Image
from ..run import Registry
from ..safe import short
from ..timeline import step_seconds
from ..values import Record, counted, records, text, texts, truth
from .markup import Child, Markup, Rows, capped, digest, folded, items, join, name, table, tag
from .outcome import badge_of, badge_of_step

_MOST_ROWS, _MOST_STEPS = 100, 60


def plan(registry: Registry) -> Markup:
    """What was chosen for each image, what else could have been, and the steps."""
    parts: List[Child] = []
    if registry.images:
        rows: Rows = [
            [name(each.name), short(each.chosen) or "nothing", badge_of(each), short(each.why), _others(each)]
            for each in registry.images
        ]
        chosen = ("Image", "Chosen", "Outcome", "Why", "Not chosen")
        parts.append(capped("What was chosen for each image", chosen, rows, _MOST_ROWS, "plan.json"))
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
    what = (
        join([f"{short(text(step.get('role')), 20)} ", digest(text(step.get("digest")))])
        if step.get("digest")
        else text(step.get("role"))
    )
    where = name(f"{text(step.get('repository'))}{':' if tags else ''}{tags}") if step.get("repository") else ""
    way = f"{text(step.get('action'))} ({text(step.get('way')) or 'operator'})"
    why = short(text(step.get("detail")) or text(step.get("reason")))
    return [short(way, 60), what, where, badge_of_step(step.get("state")), step_seconds(step), why]


def _rebuild(rebuild: Record) -> Markup:
    rows: Rows = [
        [short(text(each.get("what"))), badge_of_step(each.get("state")), step_seconds(each), short(text(each.get("detail")))]
        for each in records(rebuild.get("steps"))
    ]
    platforms = ", ".join(texts(rebuild.get("platforms")))
    facts = [f"way: {text(rebuild.get('way')) or 'none'}", *([f"platforms: {platforms}"] if platforms else [])]
    head = name(text(rebuild.get("image") or rebuild.get("name")))
    said = tag("p", f"{short('; '.join(facts))}; digest: ", digest(text(rebuild.get("digest"))), class_="note")
    problem = tag("p", short(text(rebuild["problem"]), 400)) if rebuild.get("problem") else None
    failed = records(rebuild.get("failed_pipelines"))
    lines = [_pipeline(each) for each in failed[:20]]
    pipelines = join([tag("p", f"{counted(len(failed), 'pipeline')} failed meanwhile:"), items(lines)]) if failed else None
    steps = table("Steps of the rebuild", ("What", "State", "Took", "Detail"), rows[:_MOST_ROWS]) if rows else None
    return tag("div", tag("h3", "Rebuild of ", head), said, problem, steps, pipelines)


def _pipeline(pipeline: Record) -> str:
    return short(
        f"{text(pipeline.get('repository'))} {text(pipeline.get('number'))}: {text(pipeline.get('status'))} {text(pipeline.get('title'))}"
    )
