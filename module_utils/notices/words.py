# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The results of a run as a short text for a chat: which playbook, which registry, what was found and what was done. Pure.

The first line is our own words alone; all that comes from a registry or a machine stands in a block of plain text, where no chat takes
it for a mention, a link or emphasis.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

from ..oci_registry.render import printable

Result = Mapping[str, Any]
FINDINGS, FAILURE, CHANGE, HEALTHY = "findings", "failure", "change", "healthy"
#: what can be worth a notice
OCCASIONS = (FINDINGS, FAILURE, CHANGE, HEALTHY)
#: of what is sent: chats that speak Slack's language take no more than 2,000 characters
MAX_TEXT = 1900
_MAX_LINE, _MAX_NAMES = 300, 3
_HEADS = {
    FINDINGS: "something is broken, or differs",
    FAILURE: "ended with a problem",
    CHANGE: "something was changed",
    HEALTHY: "healthy",
}
#: a mention in one chat or another begins with it, unless a digest follows
_AT, _SEPARATOR = "@", "\u200b"
_DIGESTS = ("sha256:", "sha512:")


class Notice(NamedTuple):
    """What a run is told of."""

    run: str  # of which playbook
    results: Sequence[Result]  # as the roles keep them
    unseen: Sequence[str]  # hosts without a result
    problem: str
    report: str  # where to read on; empty for nowhere


def occasions(notice: Notice) -> List[str]:
    """Which of :data:`OCCASIONS` this is."""
    results = notice.results
    found = any(_broken(each) or each.get("differences") for each in results)
    failed = bool(notice.unseen or notice.problem) or any(each.get("problem") or each.get("problems") for each in results)
    changed = any(each.get("changed") for each in results)
    seen = {FINDINGS: found, FAILURE: failed, CHANGE: changed, HEALTHY: not (found or failed)}
    return [name for name in OCCASIONS if seen[name]]


def text(notice: Notice) -> str:
    """The whole message, escaped as Slack wants it, and never longer than :data:`MAX_TEXT`."""
    heads = "; ".join(_HEADS[name] for name in occasions(notice))
    first = f"*registry-runbooks {_safe(notice.run, 60)}*: {heads}"
    last = [_safe(f"Report: {notice.report}", _MAX_LINE)] if notice.report else []
    body = _fitting(_lines(notice), MAX_TEXT - len("\n".join([first, "```", *last, "```"])) - 1)
    return "\n".join([first, "```", *body, *last, "```"]) if body or last else first


def _fitting(lines: Sequence[str], room: int) -> List[str]:
    """As many lines as there is room for, and how many are left out."""
    safe = [_safe(line, _MAX_LINE) for line in lines]
    if len("\n".join(safe)) <= room:
        return safe
    kept: List[str] = []
    room -= len("... and 1000000 more lines: see the report\n")
    for line in safe:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return [*kept, f"... and {len(safe) - len(kept)} more lines: see the report"]


def _lines(notice: Notice) -> List[str]:
    """What needs a person first; what is healthy only as a number."""
    told = sorted((_told(each) for each in notice.results), key=len, reverse=True)
    lines = [f"could not look: {each}" for each in notice.unseen] + ([notice.problem] if notice.problem else [])
    lines += [line for each in told for line in each]
    quiet = sum(not each for each in told)
    return lines + ([f"nothing to report of {quiet} more" if lines else f"nothing to report of {quiet}"] if quiet else [])


def _told(result: Result) -> List[str]:
    """Lines of one result, each of them with its name in front; none where all is well and nothing was done."""
    parts = [
        _found(result),
        _differences(result),
        _done(result),
        _remaining(result),
        *(f"could not look: {each}" for each in result.get("problems") or []),
        str(result.get("problem") or ""),
    ]
    name = str(result.get("name") or "")
    return [part if part.startswith(f"{name}: ") else f"{name}: {part}" for part in parts if part]


def _broken(result: Result) -> List[Dict[str, Any]]:
    return [each for each in result.get("findings") or [] if each.get("severity") != "info"]


def _found(result: Result) -> str:
    broken = _broken(result)
    if not broken:
        return ""
    codes = Counter(str(each["code"]) for each in broken if each.get("code"))
    counted = ", ".join(f"{code} {count}" for code, count in sorted(codes.items()))
    names = list(dict.fromkeys(filter(None, map(_image, broken))))
    return f"{len(broken)} found" + (f" ({counted})" if counted else "") + (f": {_some(names)}" if names else "")


def _image(finding: Mapping[str, Any]) -> str:
    """The image that a finding is about; for a port its registry and address; for a job by the clock its file."""
    if finding.get("repository"):
        tags = finding.get("tags") or []
        return f"{finding['repository']}:{tags[0]}" if tags else f"{finding['repository']}@{str(finding.get('digest'))[:19]}"
    return str(finding.get("registry") or finding.get("file") or "")


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MAX_NAMES
    return ", ".join(names[:_MAX_NAMES]) + (f" and {more} more" if more > 0 else "")


def _differences(result: Result) -> str:
    count = len(result.get("differences") or [])
    return f"{count} differences between disk and registry" if count and not _broken(result) else ""


def _done(result: Result) -> str:
    """What was changed: the steps of a repair, services that run another image, what retention and collection said, old jobs."""
    if not result.get("changed"):
        return ""
    steps = Counter(str(step.get("action")) for step in result.get("steps") or [] if step.get("state") == "done")
    if steps:
        return "repaired: " + ", ".join(f"{action} {count}" for action, count in sorted(steps.items()))
    said = [str(result[part]["msg"]) for part in ("retention", "collection") if (result.get(part) or {}).get("msg")]
    if said:
        return " ".join(said)
    services = [str(step["service"]) for step in result.get("plan") or [] if step.get("service") and step.get("action") != "keep"]
    if services:
        return f"brought to {result.get('image')}: {', '.join(services)}"
    return "something was changed"


def _remaining(result: Result) -> str:
    left = result.get("remaining") or []
    return f"{len(left)} remain that digests cannot repair" if left and result.get("changed") else ""


def _safe(text_: str, limit: int) -> str:
    """One line of plain text that no chat finds anything in, cut before it is escaped."""
    line = printable(" ".join(str(text_).split()))
    line = line if len(line) <= limit else f"{line[: limit - 3]}..."
    first, *parts = line.replace("`", "'").split(_AT)
    line = first + "".join(f"{_AT}{'' if part.startswith(_DIGESTS) else _SEPARATOR}{part}" for part in parts)
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
