# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a walk tells while it runs, and to whom."""

from __future__ import annotations

from typing import Callable, Dict, List, NamedTuple, Sequence

from ..findings import Finding
from ..view import RepositoryView

#: characters of a name that a registry gives, whatever it may be
MAX_SHOWN = 300
_ODD = "{name} lists among its tags {names}: no tag may be named so, and nobody can ask for it"
_MAX_ODD = 5  # names


class Outcome(NamedTuple):
    """How the walk of one repository ended; ``problem`` says why not all of it was looked at, and is empty where all was."""

    view: RepositoryView
    findings: List[Finding]
    counts: Dict[str, int]  # tags, indexes, manifests, blobs, bytes
    problem: str


Progress = Callable[[Dict[str, int]], None]
Look = Callable[[RepositoryView], None]  # hears of each repository, one at a time
Hear = Callable[[Outcome], None]  # one at a time


def summarize(view: RepositoryView) -> Dict[str, int]:
    """What one finished repository adds to the counts of a report."""
    indexes = sum(1 for manifest in view.manifests.values() if manifest.kind == "index")
    known = set(view.sizes) - set(view.manifests)
    return {
        "tags": len(view.tags),
        "indexes": indexes,
        "manifests": len(view.manifests) - indexes,
        "blobs": len(known),
        "bytes": sum(view.sizes.values()),
    }


def odd(repository: str, tags: Sequence[str]) -> str:
    """The caveat of a repository that lists what is no tag."""
    return _ODD.format(name=repository, names=", ".join([repr(tag[:MAX_SHOWN]) for tag in tags[:_MAX_ODD]]))
