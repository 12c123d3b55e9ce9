# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What goes from one repository, in an order that orphans nothing even where it is cut short."""

from __future__ import annotations

from typing import Dict, Iterable, Iterator, List, NamedTuple, Sequence, Set, Tuple

from .facts import RepositoryFacts
from .keep import Graph


class Group(NamedTuple):
    """A manifest that goes, and what goes with it since nothing else needs it, in this order."""

    digest: str
    parts: Tuple[str, ...]


def in_groups(facts: RepositoryFacts, graph: Graph, doomed: Set[str]) -> List[Group]:
    """Every digest of ``doomed`` in one group: an index before what it names, a referrer before its subject.

    What carries a tag of its own, or is named by nothing that goes, is the first of its group.
    """
    order = _ordered(facts, graph, doomed)
    place = {digest: number for number, digest in enumerate(order)}
    named = {child for digest in doomed for child in facts.edges.get(digest, ())}
    tagged = set(facts.tags.values())
    first = [digest for digest in order if digest in tagged or digest not in named]
    parts = _parts(facts, first, doomed)
    first += [digest for digest in order if digest not in parts]  # named only by each other
    about = set(facts.subjects).union(facts.tags[tag] for tag in graph.subject_tags)
    first.sort(key=lambda digest: (digest in named or digest not in about, place[digest]))
    return [Group(digest, tuple(sorted(parts.get(digest, ()), key=place.__getitem__))) for digest in first]


def _parts(facts: RepositoryFacts, first: Sequence[str], doomed: Set[str]) -> Dict[str, List[str]]:
    """For the first of each group its parts. What several of them need goes with the last of them. Every key is a doomed digest,
    parts have an empty list of their own."""
    parts: Dict[str, List[str]] = {digest: [] for digest in first}
    for digest in reversed(first):
        waiting = list(facts.edges.get(digest, ()))
        while waiting:
            below = waiting.pop()
            if below in doomed and below not in parts:
                parts[below] = []
                parts[digest].append(below)
                waiting.extend(facts.edges.get(below, ()))
    return parts


def _ordered(facts: RepositoryFacts, graph: Graph, doomed: Set[str]) -> List[str]:
    """Everything before what it names or refers to; where that goes round in circles, in some order all the same."""
    about: Dict[str, List[str]] = {}
    for subject, referrers in graph.referrers.items():
        for digest in referrers:
            about.setdefault(digest, []).append(subject)
    finished: List[str] = []
    seen: Set[str] = set()
    for start in sorted(doomed, reverse=True):
        _visit(start, facts, about, doomed, seen, finished)
    return finished[::-1]


def _visit(
    start: str, facts: RepositoryFacts, about: Dict[str, List[str]], doomed: Set[str], seen: Set[str], finished: List[str]
) -> None:
    """Append ``start`` and all below it to ``finished``, the lowest first."""

    def enter(digest: str) -> Tuple[str, Iterator[str]]:
        seen.add(digest)
        return digest, iter((*facts.edges.get(digest, ()), *about.get(digest, ())))

    if start in seen:
        return
    path = [enter(start)]
    while path:
        digest, below = path[-1]
        following = _next_unseen(below, doomed, seen)
        if following:
            path.append(enter(following))
        else:
            finished.append(digest)
            path.pop()


def _next_unseen(digests: Iterable[str], doomed: Set[str], seen: Set[str]) -> str:
    return next((digest for digest in digests if digest in doomed and digest not in seen), "")
