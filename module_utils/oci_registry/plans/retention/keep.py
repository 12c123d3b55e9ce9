# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What stays in one repository: the tags that the rules keep, and everything that belongs to them."""

from __future__ import annotations

from typing import Dict, Iterable, List, NamedTuple, Set

from ...reach import subject_of_tag
from .clock import Clock
from .facts import Evidence, RepositoryFacts
from .rules import Rule
from .tags import Elsewhere, TagJudge


class Kept(NamedTuple):
    """What stays. ``tags`` and ``digests`` give the reason for each that stays in its own right, ``lost`` for each tag that does not."""

    tags: Dict[str, str]
    lost: Dict[str, str]
    digests: Dict[str, str]  # without a tag
    closure: Set[str]  # every manifest that stays
    foreign: Set[str]  # what its manifests and tags refer to and it has not itself


def keep(facts: RepositoryFacts, rule: Rule, evidence: Evidence, clock: Clock, elsewhere: Elsewhere) -> Kept:
    """Apply the rule of a repository, and close the result over all that is needed or refers to it."""
    kept, lost = TagJudge(facts, rule, evidence, clock, elsewhere).judge()
    graph = Graph(facts)
    digests = {**_about_others(facts, elsewhere), **_untagged(facts, graph, evidence, clock)}
    about = [graph.subject_tags[tag] for tag in kept if tag in graph.subject_tags]
    closure = graph.closure([*[facts.tags[tag] for tag in kept], *about, *digests])
    for tag, subject in graph.subject_tags.items():
        if subject in closure:
            kept.setdefault(tag, f"refers to {subject}, which stays")
            lost.pop(tag, None)
        elif subject in facts.manifests:
            lost[tag] = f"refers to {subject}, which goes"
    return Kept(kept, lost, digests, closure, graph.referrers.keys() - facts.manifests)


class Graph:
    """What names what, and what refers to what, in one repository."""

    def __init__(self, facts: RepositoryFacts) -> None:
        self._facts = facts
        self.subject_tags = {tag: subject for tag, subject in zip(facts.tags, map(subject_of_tag, facts.tags)) if subject}
        self.referrers: Dict[str, List[str]] = {}
        for digest, subject in facts.subjects.items():
            self.referrers.setdefault(subject, []).append(digest)
        for tag, subject in self.subject_tags.items():
            self.referrers.setdefault(subject, []).append(facts.tags[tag])

    def subjects(self) -> Dict[str, List[str]]:
        """Manifest: what it refers to."""
        found: Dict[str, List[str]] = {}
        for subject, referrers in self.referrers.items():
            for digest in referrers:
                found.setdefault(digest, []).append(subject)
        return found

    def below(self, *roots: str) -> Set[str]:
        """``roots`` and all manifests that they need."""
        seen: Set[str] = set()
        waiting = list(roots)
        while waiting:
            digest = waiting.pop()
            if digest not in seen:
                seen.add(digest)
                waiting.extend(self._facts.edges.get(digest, ()))
        return seen

    def belonging(self, roots: Iterable[str]) -> Set[str]:
        """``roots``, all that they need, and all that refers to any of it, with what that needs in turn."""
        seen: Set[str] = set()
        waiting = list(roots)
        while waiting:
            digest = waiting.pop()
            if digest not in seen:
                seen.add(digest)
                waiting.extend(self._facts.edges.get(digest, ()))
                waiting.extend(self.referrers.get(digest, ()))
        return seen

    def closure(self, roots: Iterable[str]) -> Set[str]:
        """``roots``, all that they need, all that refers to any of it, and what that refers to and needs in turn."""
        facts, seen = self._facts, set()
        waiting = list(roots)
        while waiting:
            digest = waiting.pop()
            if digest in seen:
                continue
            seen.add(digest)
            waiting.extend(facts.edges.get(digest, ()))
            waiting.extend(self.referrers.get(digest, ()))
            if digest in facts.subjects:
                waiting.append(facts.subjects[digest])
        return seen


def _about_others(facts: RepositoryFacts, elsewhere: Elsewhere) -> Dict[str, str]:
    """Referrers without a tag whose subject another repository has."""
    tagged = set(facts.tags.values())
    foreign = (
        (each, subject) for each, subject in facts.subjects.items() if subject not in facts.manifests and each not in tagged
    )
    reasons = ((each, elsewhere.subject_stays(subject)) for each, subject in foreign)
    return {each: reason for each, reason in reasons if reason is not None}


def _untagged(facts: RepositoryFacts, graph: Graph, evidence: Evidence, clock: Clock) -> Dict[str, str]:
    """Manifests that stay although no tag asks for it: those in use, and those that may belong to a push under way."""
    found = {digest: "in use" for digest in evidence.in_use if digest in facts.manifests}
    tagged = set(facts.tags.values())
    young = [digest for digest in facts.manifests - tagged - found.keys() if _may_be_pushed(facts, digest, evidence, clock)]
    if not young:
        return found
    belonging = graph.belonging({*tagged, *found})
    indexed = _newest_index(facts)
    for digest in sorted(young):
        if digest not in belonging:
            found[digest] = clock.doubt or "it belongs to no tag, and may belong to a push under way"
        elif digest not in facts.subjects and facts.linked.get(digest, 0.0) > indexed.get(digest, float("inf")):
            found[digest] = "pushed again after the indexes that name it, so it may belong to a push under way"
    return found


def _may_be_pushed(facts: RepositoryFacts, digest: str, evidence: Evidence, clock: Clock) -> bool:
    if (facts.name, digest) in evidence.leftovers:
        return False
    return digest not in facts.linked or clock.is_young(facts.linked[digest], evidence.grace)


def _newest_index(facts: RepositoryFacts) -> Dict[str, float]:
    """Manifest: when the newest of the indexes that name it was pushed; a push brings the children first."""
    newest: Dict[str, float] = {}
    for index, children in facts.edges.items():
        time = facts.linked.get(index, 0.0)
        for digest in children:
            newest[digest] = max(newest.get(digest, 0.0), time)
    return newest
