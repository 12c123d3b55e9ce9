# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What else needs a manifest that a tag points at: asked before the manifest goes, where the tag cannot go alone."""

from __future__ import annotations

from typing import Callable, Dict, List, Tuple

from ...client import Client
from ...errors import StoreUnreadable
from ...plans.retention.facts import RepositoryFacts, hides_needs
from ...plans.retention.keep import Graph
from ...report import Report
from ...view import RepositoryView
from ...walk import Options, walk
from .disk import facts_of


def needed_by(client: Client, concurrency: int, repository: str, tag: str) -> List[str]:
    """Other tags of the repository that need the manifest of ``tag``, or refer to it, and untagged referrers by their digest.

    ``client`` is closed afterwards. Raises :class:`StoreUnreadable` where that cannot be told.
    """
    return Needs(lambda: client, concurrency).of(repository, tag)


class Needs:
    """Walks each repository once; ``connect`` gives a client for that, which is closed afterwards."""

    def __init__(self, connect: Callable[[], Client], concurrency: int) -> None:
        self._connect = connect
        self._concurrency = concurrency
        self._walked: Dict[str, Tuple[Report, List[RepositoryView]]] = {}

    def of(self, repository: str, tag: str) -> List[str]:
        """See :func:`needed_by`."""
        if repository not in self._walked:
            self._walked[repository] = self._walk(repository)
        report, views = self._walked[repository]
        broken = [finding.detail for finding in report.findings if hides_needs(finding) and list(finding.tags) != [tag]]
        if report.problems or broken:
            raise StoreUnreadable(
                f"what needs the manifest cannot be told: {(report.problems or broken)[0]}", where=f"{repository}:{tag}"
            )
        return [name for view in views for name in _needing(RepositoryFacts.from_data(facts_of(view, {})), view, tag)]

    def _walk(self, repository: str) -> Tuple[Report, List[RepositoryView]]:
        views: List[RepositoryView] = []
        options = Options("manifests", referrers=True)
        with self._connect() as client:
            report = walk(client, repositories=[repository], concurrency=self._concurrency, options=options, look=views.append)
        return report, views


def _needing(facts: RepositoryFacts, view: RepositoryView, tag: str) -> List[str]:
    digest = facts.tags.get(tag, "")
    graph = Graph(facts)
    found = [other for other in facts.tags if other != tag and digest in graph.below(facts.tags[other])]
    found += [other for other, subject in graph.subject_tags.items() if subject == digest and other not in found]
    referrers = {*graph.referrers.get(digest, ()), *(item.digest for item in view.referrers.get(digest, ()))}
    found += [other for other in facts.tags if facts.tags[other] in referrers]
    return sorted({*found, *referrers.difference(facts.tags.values())} - {tag})
