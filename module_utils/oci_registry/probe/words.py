# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a run came to, for people who read its log. Pure."""

from __future__ import annotations

from typing import Iterator, List

from ..findings import CRITICAL, INFO, sort_key
from ..render import image_name, missing
from .registry import Looked

_MAX_LINES = 20


def words(looked: Looked) -> List[str]:
    """The verdict and the effort in one line, then what is broken, unreadable or left for the next run, not more than a few lines of each."""
    failures = sum(past.failures for past in looked.repositories.values())
    effort = f"{looked.requests} requests, {looked.seconds:.1f} s"
    if looked.error:
        known = f"; {failures} failures were known before" if failures else ""
        return [f"{looked.instance}: COULD NOT LOOK{known}  [{effort}]", f"  {looked.error}"]
    counts = f"{looked.counts['repositories']} of {looked.listed} repositories, {looked.counts['tags']} tags"
    lines = [f"{looked.instance}: {_verdict(looked, failures)}  [{counts}; {effort}]"]
    lines += _few([f"could not look at {name}: {why}" for name, why in looked.unreadable.items()])
    lines += _few(list(_broken(looked)))
    if looked.unfinished:
        lines += _few([f"not finished within the budget: {name}" for name in looked.unfinished])
    return lines


def _verdict(looked: Looked, failures: int) -> str:
    if not looked.complete:
        return f"INCOMPLETE ({failures} failures so far)"
    if failures:
        return f"BROKEN ({failures} failures)"
    if not looked.listed:
        return "HEALTHY, and empty"
    return (
        "HEALTHY" if all(past.checked for past in looked.repositories.values()) else "HEALTHY so far, not all was looked at yet"
    )


def _broken(looked: Looked) -> Iterator[str]:
    """What this run found, and how much earlier ones did where this one did not look."""
    for finding in sorted(looked.findings, key=sort_key):
        if finding.severity != INFO:
            yield f"{finding.severity} {image_name(finding)} {missing(finding)}"
    seen = {finding.repository for finding in looked.findings}
    for name, past in sorted(looked.repositories.items()):
        if past.failures and name not in seen:
            yield f"{CRITICAL} {name}: {past.failures} failures, known from an earlier run"


def _few(lines: List[str]) -> List[str]:
    more = len(lines) - _MAX_LINES
    return [f"  {line}" for line in lines[:_MAX_LINES]] + ([f"  (+{more} more)"] if more > 0 else [])
