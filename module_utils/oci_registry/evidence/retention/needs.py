# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What else needs a manifest that a tag points at: asked before the manifest goes, where the tag cannot go alone."""

from __future__ import annotations

import contextlib
from typing import Callable, Dict, Iterator, List, Set, Tuple

from ...client import Client
from ...errors import RegistryError, StoreUnreadable
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


_Walked = Tuple[Report, List[RepositoryView], Set[str]]
_DANGLES = "over the API, 2.x removes a tag only together with its manifest, and that is gone or not known"


class Needs:
    """Walks each repository once; ``connect`` gives a client for that, which is closed afterwards."""

    def __init__(self, connect: Callable[[], Client], concurrency: int) -> None:
        self._connect = connect
        self._concurrency = concurrency
        self._walked: Dict[str, _Walked] = {}

    def of(self, repository: str, tag: str) -> List[str]:
        """See :func:`needed_by`."""
        if repository not in self._walked:
            self._walked[repository] = self._walk(repository)
        report, views, dangling = self._walked[repository]
        if tag in dangling:
            raise StoreUnreadable(_DANGLES, where=f"{repository}:{tag}")
        broken = [finding.detail for finding in report.findings if hides_needs(finding) and list(finding.tags) != [tag]]
        if report.problems or broken:
            raise StoreUnreadable(
                f"what needs the manifest cannot be told: {(report.problems or broken)[0]}", where=f"{repository}:{tag}"
            )
        return [name for view in views for name in _needing(RepositoryFacts.from_data(facts_of(view, {})), view, tag)]

    def _walk(self, repository: str) -> _Walked:
        views: List[RepositoryView] = []
        dangling: Set[str] = set()
        options = Options("manifests", referrers=True)

        def look(view: RepositoryView) -> None:
            views.append(view)
            dangling.update(_dangling(view, client))

        with self._connect() as client:
            report = walk(client, repositories=[repository], concurrency=self._concurrency, options=options, look=look)
        return report, views, dangling


def _dangling(view: RepositoryView, client: Client) -> Iterator[str]:
    """Tags whose manifest the registry does not name, or has not at all: one that it only cannot read, it answers with 500 and deletes."""
    for tag, digest in view.tags.items():
        if not digest:
            yield tag
        elif digest in view.manifest_faults:
            with contextlib.suppress(RegistryError):
                if client.head_manifest(view.name, tag).status == 404:
                    yield tag


def _needing(facts: RepositoryFacts, view: RepositoryView, tag: str) -> List[str]:
    digest = facts.tags.get(tag, "")
    graph = Graph(facts)
    found = [other for other in facts.tags if other != tag and digest in graph.below(facts.tags[other])]
    found += [other for other, subject in graph.subject_tags.items() if subject == digest and other not in found]
    referrers = {*graph.referrers.get(digest, ()), *(item.digest for item in view.referrers.get(digest, ()))}
    found += [other for other in facts.tags if facts.tags[other] in referrers]
    return sorted({*found, *referrers.difference(facts.tags.values())} - {tag})
