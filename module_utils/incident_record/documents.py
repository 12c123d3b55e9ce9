# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From the data of a run to the files of its record. Pure."""

from __future__ import annotations

import json
from typing import Any, Dict, Mapping, Sequence

from .page import page
from .post_mortem import post_mortem
from .run import Run, run_of
from .safe import masked
from .timeline import events_of
from .values import Record, records

TEXT, REPORT, JOURNAL, POST_MORTEM = "report.txt", "report.json", "journal.jsonl", "post-mortem.md"
#: what is made anew from a report
RENDERED = ("index.html", POST_MORTEM)


def documents(data: Mapping[str, Any], journal: Sequence[Record] = (), report: str = "") -> Dict[str, str]:
    """File name to content. ``data`` has ``results``, one of each registry, ``unseen``, and maybe ``run`` and ``problem``; any may be missing.

    ``report`` is the same as text for people; it is masked like all the rest.
    """
    safe = masked(data)
    run = run_of(safe, records(masked(list(journal))))
    parts = {
        REPORT: safe,
        "plan.json": _plan(run),
        "before.json": {"registries": [{"name": each.name, "findings": each.before} for each in run.registries]},
        "after.json": _after(run),
        "timeline.json": [event.as_dict() for event in events_of(run)],
    }
    texts = {name: json.dumps(part, indent=2) + "\n" for name, part in parts.items()}
    texts.update({TEXT: masked(report), "index.html": page(run), POST_MORTEM: post_mortem(run)})
    # half of a pair, which no file can hold, is written as an escape
    return {name: text.encode("utf-8", "backslashreplace").decode() for name, text in texts.items()}


def _plan(run: Run) -> Record:
    """Every broken image with all that could be done for it, and the steps in their order."""
    return {
        "registries": [
            {
                "name": each.name,
                "run_id": each.run_id,
                "images": [image._asdict() for image in each.images],
                "steps": each.steps,
                "remaining": each.remaining,
                "rebuilds": each.rebuilds,
            }
            for each in run.registries
        ]
    }


def _after(run: Run) -> Record:
    """What was seen after the repair; ``looked`` is false where there was none."""
    return {
        "registries": [
            {
                "name": each.name,
                "looked": each.looked_again,
                "findings": each.after,
                "differences": each.differences,
                "problems": each.problems,
            }
            for each in run.registries
        ]
    }
