# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Manifests that no tag shows, asked for by digest: those in use, and those that a referrer is about."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Dict, Iterable, List, Sequence, Set, Tuple

from ...client import Client
from ...errors import RegistryUnavailable
from ...reach import subject_of_tag
from ...view import RepositoryView
from ...walk.facts import ManifestFacts, describe, manifest_facts

_Asked = Tuple[RepositoryView, str]


def add_untagged(client: Client, views: Sequence[RepositoryView], in_use: Iterable[str], concurrency: int) -> None:
    """Add to each view what its repository has of them, with all that they name.

    One request for each digest and repository that does not show it already. Raises a :class:`RegistryError` where one cannot be answered.
    """
    wanted = sorted({*in_use, *_unknown_subjects(views)})
    waiting = [(view, digest) for view in views for digest in _lacking(view, wanted)]
    with ThreadPoolExecutor(concurrency) as pool:
        while waiting:
            answers = list(pool.map(lambda asked: _ask(client, *asked), waiting))
            found = [(asked, facts) for asked, facts in zip(waiting, answers) if facts.fault is None]
            for (view, digest), facts in found:
                _add(view, digest, facts)
            waiting = _below(found)


def _unknown_subjects(views: Sequence[RepositoryView]) -> Set[str]:
    """What some manifest or tag refers to and no repository shows."""
    subjects = {subject for view in views for subject in map(subject_of_tag, view.tags) if subject is not None}
    subjects |= {item.subject.digest for view in views for item in view.manifests.values() if item.subject is not None}
    return subjects.difference(*(view.manifests for view in views))


def _lacking(view: RepositoryView, digests: Iterable[str]) -> List[str]:
    """Those that were not asked for yet."""
    asked = {*view.manifests, *view.manifest_faults, *view.untagged, *(view.tags[tag] for tag in view.legacy)}
    return [digest for digest in digests if digest not in asked]


def _ask(client: Client, view: RepositoryView, digest: str) -> ManifestFacts:
    answer = client.get_manifest(view.name, digest)
    facts = manifest_facts(answer, digest)
    if facts.fault is not None and answer.status not in (200, 404):
        what = f"the registry does not tell whether it has the manifest: it {describe(answer)}"
        raise RegistryUnavailable(what, where=f"{view.name}@{digest}")
    return facts


def _add(view: RepositoryView, digest: str, facts: ManifestFacts) -> None:
    view.untagged.add(digest)
    if facts.manifest is not None:
        view.manifests[digest] = facts.manifest


def _below(found: Sequence[Tuple[_Asked, ManifestFacts]]) -> List[_Asked]:
    """What the manifests that were found name, and their repositories do not show yet."""
    children: Dict[RepositoryView, Set[str]] = {}
    for (view, _digest), facts in found:
        if facts.manifest is not None:
            children.setdefault(view, set()).update(child.digest for child in facts.manifest.children)
    return [(view, digest) for view, digests in children.items() for digest in _lacking(view, sorted(digests))]
