# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What goes from one repository, in an order that orphans nothing even where it is cut short."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Sequence, Set, Tuple

from .facts import RepositoryFacts
from .keep import Graph
from .order import ordered


class Group(NamedTuple):
    """A manifest that goes, and what goes with it since nothing else needs it, in this order."""

    digest: str
    parts: Tuple[str, ...]


def in_groups(facts: RepositoryFacts, graph: Graph, doomed: Set[str]) -> List[Group]:
    """Every digest of ``doomed`` in one group: an index before what it names, a referrer before its subject and all that has that.

    What carries a tag of its own, or is named by nothing that goes, is the first of its group.
    """
    subjects = graph.subjects()
    order = ordered(sorted(doomed), lambda digest: facts.edges.get(digest, ()), lambda digest: subjects.get(digest, ()))
    named = {child for digest in doomed for child in facts.edges.get(digest, ())}
    tagged = set(facts.tags.values())
    first = [digest for digest in order if digest in tagged or digest not in named]
    reach = {digest: graph.below(digest) & doomed for digest in first}
    lone = doomed.difference(*reach.values())
    reach.update((digest, {digest}) for digest in order if digest in lone)  # named only by each other
    first = _ordered_groups(list(reach), reach, graph)
    return _grouped(first, reach, order)


def _ordered_groups(first: Sequence[str], reach: Dict[str, Set[str]], graph: Graph) -> List[str]:
    """The first of each group: before the first of any other that it reaches, and after whatever refers to something that it reaches."""
    above: Dict[str, List[str]] = {}
    for digest in first:
        for below in reach[digest]:
            above.setdefault(below, []).append(digest)
    after: Dict[str, List[str]] = {digest: [] for digest in first}
    for subject, referrers in graph.referrers.items():
        for referrer in referrers:
            for digest in above.get(referrer, ()):
                after[digest].extend(above.get(subject, ()))
    return ordered(first, reach.__getitem__, after.__getitem__)


def _grouped(first: Sequence[str], reach: Dict[str, Set[str]], order: Sequence[str]) -> List[Group]:
    """What several of them need goes with the last of them."""
    place = {digest: number for number, digest in enumerate(order)}
    taken: Set[str] = set(first)
    groups: List[Group] = []
    for digest in reversed(first):
        parts = reach[digest] - taken
        taken |= parts
        groups.append(Group(digest, tuple(sorted(parts, key=place.__getitem__))))
    return groups[::-1]
