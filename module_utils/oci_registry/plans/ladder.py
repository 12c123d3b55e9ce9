# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""For each broken tag every way to make it whole again, cheapest first, and the one to take. Pure; nothing else decides this."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from ..model import Manifest
from ..reach import closure
from . import steps
from .choices import Choices
from .facts import Evidence, Key
from .standins import StandIns
from .steps import Plan, Step

Record = Mapping[str, Any]
#: what digests alone repair
BY_DIGEST = (steps.RELINK, steps.RESTORE, steps.QUARANTINE)
NOTHING_HELPS = "neither a source, nor an intact image with the same content, nor a pipeline or build context is known"


@dataclass
class Candidate:
    """One way. ``reason``: the evidence for it, or why it is not possible."""

    action: str
    cost: str
    way: str = ""
    source: str = ""
    digest: str = ""  # that a repoint points at
    needs: str = ""
    approval: str = ""
    possible: bool = False
    reason: str = ""


@dataclass
class Image:
    """One broken tag, or with an empty tag what no tag names. ``steps`` are those that carry out what was chosen."""

    repository: str
    tag: str
    digest: str
    in_use: bool = False
    states: List[str] = field(default_factory=list)
    platforms: List[str] = field(default_factory=list)
    candidates: List[Candidate] = field(default_factory=list)
    choice: Optional[Candidate] = None
    approved: bool = False  # what was chosen may be done: by its word in approve, and by the plan and the digests that were given
    outcome: str = steps.REMAINING
    why: str = ""
    steps: List[Step] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """(repository, tag)."""
        return self.repository, self.tag

    @property
    def chosen(self) -> str:
        """The action that was chosen; empty where none is possible."""
        return self.choice.action if self.choice else ""

    def as_dict(self) -> Dict[str, Any]:
        """The image as documented: plain JSON types."""
        record = {name: getattr(self, name) for name in ("repository", "tag", "digest", "in_use", "states", "platforms")}
        told: Dict[str, Any] = {"chosen": self.chosen, "approved": self.approved}
        told.update(outcome=self.outcome, why=self.why)
        return {**record, **told, "candidates": [asdict(candidate) for candidate in self.candidates]}


class Known(NamedTuple):
    """All that a decision rests on. ``before`` and ``after`` are findings, without and with what digests repair."""

    evidence: Evidence
    plan: Plan
    choices: Choices
    before: Sequence[Record]
    after: Sequence[Record]
    standins: Mapping[Key, StandIns]
    needed: Mapping[Key, str]  # tags that cannot go: why
    dialect: str = "2"


def broken_images(evidence: Evidence, before: Sequence[Record], choices: Choices) -> List[Image]:
    """What is broken, images in use first, still without candidates."""
    found: Dict[Key, Image] = {}
    below = Below(evidence)
    for key, tag in evidence.tags.items():
        digest = tag.digest or (tag.history[0] if len(tag.history) == 1 else "")
        about = [finding for finding in before if finding["repository"] == key[0] and key[1] in finding["tags"]]
        if about:
            found[key] = Image(*key, digest, below.is_in_use(*key, digest, choices), *_told(about))
    images = [*found.values(), *_untagged(evidence, below, choices)]
    return sorted(images, key=lambda image: not image.in_use)


def put_in_use_first(evidence: Evidence, choices: Choices) -> None:
    """Plan for what is in use before the rest: bytes that several repositories lack come with the first that needs them."""
    below = Below(evidence)

    def is_idle(item: Tuple[Key, Set[str]]) -> bool:
        (repository, digest), tags = item
        return not any(below.is_in_use(repository, tag, digest, choices) for tag in tags or ("",))

    evidence.roots = dict(sorted(evidence.roots.items(), key=is_idle))


def _told(findings: Sequence[Record]) -> Tuple[List[str], List[str]]:
    """States and platforms."""
    platforms = {str(finding["platform"]) for finding in findings} - {""}
    return sorted({str(finding["state"]) for finding in findings}), sorted(platforms)


def _untagged(evidence: Evidence, below: Below, choices: Choices) -> List[Image]:
    found = []
    for (repository, digest), tags in evidence.roots.items():
        if (repository, digest) in evidence.waste:
            continue
        nodes = [evidence.nodes[repository, each] for each in below.of(repository, digest)]
        if not tags and evidence.nodes[repository, digest].is_manifest and not all(node.sound for node in nodes):
            found.append(Image(repository, "", digest, below.is_in_use(repository, "", digest, choices)))
    return found


class Below:
    """What each image needs, by the evidence; asked for once for each repository."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._manifests: Dict[str, Dict[str, Manifest]] = {}

    def digests(self, image: Image) -> Set[str]:
        """The digests of all that it needs, itself included."""
        return self.of(image.repository, image.digest)

    def is_in_use(self, repository: str, tag: str, digest: str, choices: Choices) -> bool:
        """Whether a tag, what it points at, or one of its platforms is in use.

        Where it is not known any more what its platforms are, any digest of the repository that is in use may be one of them.
        """
        if not choices.in_use:
            return False
        digests = self.of(repository, digest)
        if choices.is_in_use(repository, tag, digests):
            return True
        nodes = [self._evidence.nodes[repository, each] for each in digests if (repository, each) in self._evidence.nodes]
        is_known = bool(nodes) and all(node.manifest is not None for node in nodes if node.is_manifest)
        return not is_known and choices.uses_digests_of(repository)

    def of(self, repository: str, digest: str) -> Set[str]:
        """The same for a manifest; nothing for an empty digest."""
        if repository not in self._manifests:
            self._manifests[repository] = self._evidence.manifests_of(repository)
        return closure([digest], self._manifests[repository]) if digest else set()


def choose(image: Image, choices: Choices, mended: bool) -> Optional[Candidate]:
    """What was said of the tag; else the cheapest that is approved or needs no approval; else the cheapest, as a proposal.

    A tag is deleted only where it was named, or where nothing else is possible.
    """
    if image.key in choices.named:
        action = steps.DELETE if image.key in choices.delete else steps.REPOINT
        return next(each for each in image.candidates if each.action == action)
    possible = [each for each in image.candidates if each.possible]
    if mended:
        return next((each for each in possible if each.action in BY_DIGEST), None)
    others = [each for each in possible if each.action != steps.DELETE]
    allowed = [each for each in others if not each.approval or each.approval in choices.approve]
    return next(iter(allowed or others or possible), None)
