# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The evidence of a store on disk: taken in passing while the scan reads every link and manifest, so nothing is read twice."""

from __future__ import annotations

import os
from functools import partial
from typing import Any, Dict, Iterable, List, NamedTuple, Sequence

from ...errors import StoreUnreadable
from ...findings import Finding
from ...plans.retention.facts import RepositoryFacts
from ...scan import Study, scan
from ...store.layout import repository_path
from ...store.links import RepositoryLinks
from ...view import RepositoryView

_AS_ROOT = "Run as the user that the registry runs as, or as root"
_WHOLE = "What is unknown cannot be judged: mend or remove that first"


class Gathered(NamedTuple):
    """What an observer brought back."""

    repositories: List[RepositoryFacts]
    findings: Sequence[Finding]
    is_cache: bool
    caveats: Sequence[str] = ()


def gather(root: str, *, mode: str, dialect: str) -> Gathered:
    """Scan the store at ``root``. Raises :class:`StoreUnreadable` where not everything could be read: what is unknown must not be judged."""
    found: List[RepositoryFacts] = []
    study = Study(partial(look, root), lambda data: found.append(RepositoryFacts.from_data(data)))
    report = scan(root, mode=mode, dialect=dialect, study=study)
    if report.problems:
        first = report.problems[0]
        raise StoreUnreadable(f"not everything could be read: {first}", advice=_AS_ROOT if "ermission" in first else _WHOLE)
    return Gathered(found, report.findings, report.summary["mode"] == "cache", report.caveats)


def look(root: str, view: RepositoryView, links: RepositoryLinks) -> Dict[str, Any]:
    """The facts of one repository as plain data, from what the scan has of it."""
    legacy = {view.tags[tag] for tag in view.legacy}
    manifests = {*view.manifests, *legacy}
    facts = facts_of(view, links.pushed)
    return dict(facts, manifests=list(manifests), linked=_link_times(root, view.name, manifests))


def facts_of(view: RepositoryView, pushed: Dict[str, float]) -> Dict[str, Any]:
    """The facts that any view has; ``pushed`` are the times of its tags."""
    edges: Dict[str, List[str]] = {}
    subjects: Dict[str, str] = {}
    manifests = view.manifests
    for digest, manifest in manifests.items():
        named = [child.digest for child in manifest.children]
        # a blob may be a manifest at once, and DELETE of the manifest takes the link of the blob along
        named += [layer.digest for layer in manifest.layers if layer.digest in manifests]
        if manifest.config is not None and manifest.config.digest in manifests:
            named.append(manifest.config.digest)
        if named:
            edges[digest] = named
        if manifest.subject is not None:
            subjects[digest] = manifest.subject.digest
    return {
        "name": view.name,
        "tags": {tag: digest for tag, digest in view.tags.items() if digest},
        "pushed": pushed,
        "edges": edges,
        "subjects": subjects,
        "manifests": list(manifests),
        "linked": {},
    }


def _link_times(root: str, repository: str, digests: Iterable[str]) -> Dict[str, float]:
    times: Dict[str, float] = {}
    folder = f"{root}/{repository_path(repository)}/_manifests/revisions"
    for digest in digests:  # tens of thousands of them: the digests were parsed by whoever read the links
        try:
            times[digest] = os.lstat(f"{folder}/{digest.replace(':', '/')}/link").st_mtime
        except OSError:  # without a link of its own: nothing tells, so it stays
            continue
    return times
