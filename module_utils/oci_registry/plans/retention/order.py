# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Sorting things so that each comes before what it must come before, and where it can, before what it should come before."""

from __future__ import annotations

import heapq
from typing import Callable, Dict, Iterable, List, Sequence, Set

Following = Callable[[str], Iterable[str]]


def ordered(nodes: Sequence[str], must: Following, should: Following) -> List[str]:
    """All ``nodes``, each once; of equals, the first one first.

    ``must(node)`` and ``should(node)`` name what comes after it; other things than nodes are passed over. Where both cannot be had,
    ``must`` holds; where that goes round in circles, the circle is opened somewhere.
    """
    return _Sorter(nodes, must, should).run()


class _Sorter:
    def __init__(self, nodes: Sequence[str], must: Following, should: Following) -> None:
        self._nodes = nodes
        self._place = {node: number for number, node in enumerate(nodes)}
        self._after = [self._edges(must), self._edges(should)]
        self._waits = [self._counts(after) for after in self._after]  # how many things each still waits for
        self._free: List[int] = []  # places of those that wait for nothing
        self._may: List[int] = []  # of those that only should wait
        self._done: Set[str] = set()

    def run(self) -> List[str]:
        for node in self._nodes:
            self._offer(node)
        found: List[str] = []
        stuck = iter(self._nodes)
        while len(found) < len(self._nodes):
            node = self._take() or next(node for node in stuck if node not in self._done)
            found.append(node)
            self._done.add(node)
            for after, waits in zip(self._after, self._waits):
                for following in after[node]:
                    waits[following] -= 1
                    self._offer(following)
        return found

    def _edges(self, following: Following) -> Dict[str, Set[str]]:
        place = self._place
        return {node: {each for each in following(node) if each in place and each != node} for node in self._nodes}

    def _counts(self, after: Dict[str, Set[str]]) -> Dict[str, int]:
        counts = dict.fromkeys(self._nodes, 0)
        for following in after.values():
            for each in following:
                counts[each] += 1
        return counts

    def _offer(self, node: str) -> None:
        must, should = (waits[node] for waits in self._waits)
        if must <= 0 and node not in self._done:
            heapq.heappush(self._may if should > 0 else self._free, self._place[node])

    def _take(self) -> str:
        for heap in (self._free, self._may):
            while heap:
                node = self._nodes[heapq.heappop(heap)]
                if node not in self._done:
                    return node
        return ""
