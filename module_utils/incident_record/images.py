# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The broken images of a result, one for each tag; made from its findings where it does not list them. And who uses them. Pure."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Sequence, Set, Tuple

from .values import Record, records, text, texts, truth

DONE, REMAINING, FAILED, PLANNED, SKIPPED = "done", "remaining", "failed", "planned", "skipped"
Name = Tuple[str, str]  # repository and tag


class Image(NamedTuple):
    """A tag that could not be pulled whole."""

    repository: str
    tag: str
    digest: str
    in_use: bool
    uses: List[Record]
    states: List[str]
    platforms: List[str]
    chosen: str  # action
    outcome: str  # one of the above; empty where nothing was planned
    why: str
    candidates: List[Record]

    @property
    def name(self) -> str:
        """``repository:tag``, or ``repository@digest``."""
        return f"{self.repository}{'' if self.tag.startswith('@') else ':'}{self.tag}" if self.tag else self.repository


def images_of(result: Record, before: Sequence[Record], after: Sequence[Record], steps: Sequence[Record]) -> List[Image]:
    """Those in use first, else in the order that they came in."""
    used = _uses(result)
    named = set(texts(result.get("in_use")))
    listed = records(result.get("images"))
    given = [each for each in listed if "outcome" in each or "candidates" in each or "states" in each]
    given = given or _from_findings(before, after, steps, looked_again="before" in result)
    made = [_image(each, used, named) for each in given]
    return sorted(made, key=lambda image: not image.in_use)


def _image(given: Record, used: Dict[Name, List[Record]], named: Set[str]) -> Image:
    repository, tag = text(given.get("repository")), text(given.get("tag"))
    uses = used.get((repository, tag), []) or records(given.get("uses"))
    return Image(
        repository=repository,
        tag=tag,
        digest=text(given.get("digest")),
        in_use=truth(given.get("in_use")) or bool(uses) or f"{repository}:{tag}" in named,
        uses=uses,
        states=texts(given.get("states")),
        platforms=texts(given.get("platforms")),
        chosen=text(given.get("chosen")),
        outcome=text(given.get("outcome")),
        why=text(given.get("why")),
        candidates=records(given.get("candidates")),
    )


def _from_findings(
    before: Sequence[Record], after: Sequence[Record], steps: Sequence[Record], looked_again: bool
) -> List[Record]:
    """What older results lack: each tag of a finding is an image, and is well where nothing is found of it any more."""
    broken = {name for finding in after for name in _names(finding)}
    # a drill keeps its steps only
    before = before or [{**step, "digest": "", "parent": "", "state": ""} for step in steps if step.get("state") != SKIPPED]
    found: Dict[Name, List[Record]] = {}
    for finding in before:
        for name in _names(finding):
            found.setdefault(name, []).append(finding)
    return [_guess(name, findings, name in broken, steps, looked_again) for name, findings in found.items()]


def _guess(name: Name, findings: Sequence[Record], broken: bool, steps: Sequence[Record], looked_again: bool) -> Record:
    actions = [text(step.get("action")) for step in _steps_of(name, steps) if step.get("state") != SKIPPED]
    chosen = "restore" if "restore" in actions else next(iter(actions), "")
    planned = any(step.get("state") == PLANNED for step in _steps_of(name, steps))
    tops = [finding for finding in findings if not finding.get("parent")]
    return {
        "repository": name[0],
        "tag": name[1],
        "digest": next((text(each.get("digest")) for each in tops), "")
        or next((text(each.get("parent")) for each in findings), ""),
        "states": sorted({text(each.get("state")) for each in findings if each.get("state")}),
        "platforms": list(dict.fromkeys(text(each.get("platform")) for each in findings if each.get("platform"))),
        "chosen": chosen,
        "outcome": PLANNED if planned else (REMAINING if broken else DONE) if looked_again else "",
        "why": next((text(step.get("reason")) for step in _steps_of(name, steps) if step.get("state") == REMAINING), ""),
    }


def _steps_of(name: Name, steps: Sequence[Record]) -> List[Record]:
    return [step for step in steps if step.get("repository") == name[0] and name[1] in texts(step.get("tags"))]


def _names(finding: Record) -> List[Name]:
    if finding.get("severity") == "info" or not finding.get("repository"):
        return []
    return [(text(finding["repository"]), tag) for tag in texts(finding.get("tags"))]


# -- uses


def _uses(result: Record) -> Dict[Name, List[Record]]:
    """By repository and tag: from the impact map where there is one, else by what each use names."""
    found: Dict[Name, List[Record]] = {}
    for entry in records(result.get("impact")):
        for tag in texts(entry.get("tags")) or texts(entry.get("tag")):
            found.setdefault((text(entry.get("repository")), tag), []).extend(records(entry.get("uses")))
    if not found:
        for use in records(result.get("uses")):
            found.setdefault(named_by(text(use.get("reference"))), []).append(use)
    return found


def named_by(reference: str) -> Name:
    """Repository and tag of a reference, without the registry; of one by digest, the tag is empty."""
    path, _at, digest = reference.partition("@")
    first, slash, rest = path.partition("/")
    path = rest if slash and ("." in first or ":" in first or first == "localhost") else path
    repository, colon, tag = path.rpartition(":")
    return (repository, tag) if colon else (path, "" if digest else "latest")
