# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A draft of a post-mortem in Markdown: what the data tells is filled in, and what only a person knows is a TODO that says so. Pure.

Its last line holds a digest of the rest. So a draft that nobody has touched is known, and only such a one is ever written anew.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import List

from .causes import causes_of
from .images import Image
from .run import Run
from .safe import code, markdown
from .timeline import clocks, events_of, origin
from .values import Record, counted, duration, text, utc
from .verdict import commands, remaining_images, verdict

_MOST, _MOST_USES, _MOST_EVENTS = 40, 8, 60
#: what a tag is served with all the same
_SERVED_BY_TAG = ("child-missing", "config-missing", "layer-missing")
_SEAL = "<!-- an untouched draft, made anew with the page; edited, it stays: sha256:"
_SINCE = {"broken": "it broke", "detected": "it was detected", "started": "the run began"}


def post_mortem(run: Run) -> str:
    """The whole draft."""
    parts = (
        (f"Post-mortem: {_title(run)}", _head(run)),
        ("Summary", _summary(run)),
        ("Impact", _impact(run)),
        ("Timeline (UTC)", _timeline(run)),
        ("Root cause candidates", _causes(run)),
        ("What detected it", _detected(run)),
        ("What did not", _undetected(run)),
        ("Repair", _repair(run)),
        ("Actions", _actions(run)),
    )
    chapters = ["\n".join([f"{'##' if number else '#'} {title}", "", *lines, ""]) for number, (title, lines) in enumerate(parts)]
    body = "\n".join(chapters)
    return f"{body}\n{_seal(body)}"


def is_untouched(draft: str) -> bool:
    """Whether it is a draft as :func:`post_mortem` made it, or nothing at all."""
    body, mark, _rest = draft.rpartition(f"\n{_SEAL}")
    return not draft.strip() or (bool(mark) and draft == f"{body}\n{_seal(body)}")


def _seal(body: str) -> str:
    return f"{_SEAL}{hashlib.sha256(body.encode('utf-8', 'backslashreplace')).hexdigest()} -->\n"


def _todo(what: str) -> str:
    return f"TODO (a person): {what}"


def _title(run: Run) -> str:
    names = ", ".join(markdown(registry.name, 80) for registry in run.registries[:3])
    return names or "a registry"


def _head(run: Run) -> List[str]:
    began = next((run.moment(name) for name in ("broken", "detected", "started") if run.moment(name)), 0.0)
    return [
        f"- Status: draft, filled from the data of {code(run.name) if run.name else 'a run'}",
        f"- Date: {utc(began)[:10] if began else _todo('the day of the incident')}",
        f"- Author: {_todo('who wrote this')}",
    ]


def _summary(run: Run) -> List[str]:
    lines = [markdown(verdict(run).sentence, 600), ""]
    known = clocks(run)
    if known:
        told = ", ".join(f"{name} {duration(seconds)}" for name, seconds in known.items())
        lines += [f"Time from when {_SINCE[origin(run)]}: {told}.", ""]
    return [*lines, _todo("what that meant for people, in two sentences that need no knowledge of registries")]


def _impact(run: Run) -> List[str]:
    used = [image for image in run.images if image.in_use]
    unused = [image for image in run.images if not image.in_use]
    lines = [_used(image) for image in used[:_MOST]] + _more(len(used) - _MOST, "image in use", "images in use")
    if unused:
        named = ", ".join(code(image.name, 100) for image in unused[:_MOST])
        rest = f" and {len(unused) - _MOST} more" if len(unused) > _MOST else ""
        lines.append(f"- {counted(len(unused), 'broken image')} that nothing is known to use: {named}{rest}")
    if not run.images:
        lines.append("- No broken image is known.")
    unknown = (
        [] if used else [f"- {_todo('who was hit? Give the play inventory hosts, a cluster or a checkout to look for uses in')}"]
    )
    return [
        *lines,
        *unknown,
        f"- {_todo('pipelines that failed, deployments that could not start, people who waited, and for how long')}",
    ]


def _used(image: Image) -> str:
    uses = [
        f"{markdown(text(use.get('kind')), 20)} {code(text(use.get('name')), 80)}" + _on(use) for use in image.uses[:_MOST_USES]
    ]
    more = f", and {len(image.uses) - _MOST_USES} more" if len(image.uses) > _MOST_USES else ""
    broken = f" Broken for {', '.join(code(each, 40) for each in image.platforms[:8])}." if image.platforms else ""
    return f"- {code(image.name)}, used by {', '.join(uses) or _todo('whom')}{more}.{broken}"


def _on(use: dict[str, object]) -> str:
    return f" on {markdown(text(use['host']), 60)}" if use.get("host") else ""


def _more(count: int, one: str, many: str) -> List[str]:
    return [f"- and {counted(count, one, many)} more, see plan.json"] if count > 0 else []


def _timeline(run: Run) -> List[str]:
    events = events_of(run)
    # every step of a long repair would hide the rest
    told = events if len(events) <= _MOST_EVENTS else [event for event in events if event.kind != "step"][:_MOST_EVENTS]
    rows = [
        f"| {utc(event.time)} | {markdown(event.what, 200)} | {duration(event.seconds) if event.seconds else ''} |"
        for event in told
    ]
    known = {event.what.split(" by ")[0] for event in events}
    todo = [
        f"- {_todo(what)}"
        for what, missing in (("when did it break?", "it broke"), ("when was it detected, and by whom?", "it was detected"))
        if missing not in known
    ]
    table = ["| time | what | took |", "|---|---|---|", *rows] if rows else []
    left = [f"{len(events) - len(told)} more are in timeline.json."] if len(told) < len(events) else []
    return [*table, *([""] if table else []), *left, *todo, f"- {_todo('what people saw, said and decided, with the times')}"]


def _causes(run: Run) -> List[str]:
    lines = (
        ["These fit what was found; none of them is proven."] if causes_of(run) else ["Nothing that was found points to a cause."]
    )
    for number, cause in enumerate(causes_of(run), 1):
        lines += ["", f"{number}. **{cause.name}**: {cause.what}", f"   - Evidence: {markdown(cause.evidence, 300)}"]
        lines += [f"   - To confirm: {cause.confirm}"]
    return [*lines, "", _todo("which of them it was, and what shows it")]


def _detected(run: Run) -> List[str]:
    lines = [
        f"- {markdown(registry.name, 80)}: {markdown(registry.detected_by, 200)}, {utc(registry.moments.get('detected', 0.0))}"
        for registry in run.registries
        if registry.detected_by
    ]
    seen = Counter(
        observer for finding in run.found for observer in finding.get("observers") or [] if observer in ("disk", "http")
    )
    if seen:
        observers = {"disk": "the scan of the disk", "http": "the walk over HTTP"}
        told = [f"{observers[name]} saw {counted(count, 'finding')}" for name, count in sorted(seen.items())]
        lines.append(f"- Then, by this run: {', '.join(told)}")
    return (
        lines
        if any(registry.detected_by for registry in run.registries)
        else [f"- {_todo('a person, an alert, or a pipeline?')}", *lines]
    )


def _undetected(run: Run) -> List[str]:
    masked = sum(bool(finding.get("masked")) for finding in run.found)
    lines = []
    if masked:
        lines.append(
            f"- The walk over HTTP did not see {masked} of {len(run.found)} findings: a cache answered for what the disk had lost."
        )
    if any(registry.differences for registry in run.registries):
        lines.append("- Disk and registry differ: whoever looks at one of them only is told half of it.")
    if any(finding.get("code") in _SERVED_BY_TAG for finding in run.found):
        lines.append("- Whatever asks for tags only, or with HEAD: the tags of these images still answered 200.")
    return [
        *lines,
        f"- {_todo('which alert should have rung, and why did it not? Was the probe running, did it look at every tag?')}",
    ]


def _repair(run: Run) -> List[str]:
    lines: List[str] = []
    for registry in run.registries:
        done = Counter(
            f"{text(step.get('action'))} {text(step.get('role'))}".strip()
            for step in registry.steps
            if step.get("state") == "done"
        )
        lines += [f"- {markdown(name)}: {count}" for name, count in sorted(done.items())]
        lines += [_failed(step) for step in registry.steps if step.get("state") == "failed"][:_MOST]
        lines += [_rebuilt(rebuild) for rebuild in registry.rebuilds]
        lines += [f"- moved aside: {counted(len(registry.quarantine), 'damaged file')}"] if registry.quarantine else []
    left = remaining_images(run)
    lines += [f"- remains: {code(image.name)}{': ' + markdown(image.why) if image.why else ''}" for image in left[:_MOST]]
    lines += _more(len(left) - _MOST, "image", "images")
    proven = run.moment("proven")
    lines += [f"- proven by bytes at {utc(proven)}"] if proven and not left and _is_well(run) else []
    return lines or ["- Nothing was repaired by this run."]


def _is_well(run: Run) -> bool:
    """Whether the last look found nothing wrong, and saw everything."""
    ends = [each for registry in run.registries for each in (registry.still_broken, registry.differences, registry.problem)]
    return not any(ends) and not run.problems


def _failed(step: Record) -> str:
    why = markdown(text(step.get("detail")) or text(step.get("reason")))
    return f"- failed: {markdown(text(step.get('action')))} in {code(text(step.get('repository')))}: {why}"


def _rebuilt(rebuild: dict[str, object]) -> str:
    way = {"ci": "in CI", "vm": "on the registry's machine"}.get(text(rebuild.get("way")), "not rebuilt")
    problem = f": {markdown(text(rebuild['problem']), 300)}" if rebuild.get("problem") else ""
    return f"- rebuild of {code(text(rebuild.get('image') or rebuild.get('name')))}: {way}{problem}"


def _actions(run: Run) -> List[str]:
    lines: List[str] = []
    for registry in run.registries:
        lines += [
            f"- [ ] {'go on with' if registry.looked_again else 'repair'}: {code(command, 300)}" for command in commands(registry)
        ]
    lines += [f"- [ ] find out: {cause.name}. {cause.confirm}" for cause in causes_of(run)]
    lines += [f"- [ ] look at what could not be looked at: {markdown(problem, 200)}" for problem in run.problems[:_MOST]]
    return [*lines, f"- [ ] {_todo('what keeps it from happening again, who does it, until when')}"]
