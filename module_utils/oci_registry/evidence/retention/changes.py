# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What was pushed to a registry since a retention plan was made, and so must not go although the plan says so."""

from __future__ import annotations

import time
from typing import Dict, List, Mapping, NamedTuple, Optional

from ...plans.retention.facts import RepositoryFacts
from .now import Now


class _Seen(NamedTuple):
    when: float
    tags: Dict[str, str]


class Changes:
    """Holds the registry as it is now against the facts from which the plan was made."""

    def __init__(self, now: Now, facts: Mapping[str, RepositoryFacts]) -> None:
        self._now = now
        self._facts = facts
        self._seen: Dict[str, _Seen] = {}
        self._protected: Dict[str, Dict[str, str]] = {}  # repository: {digest: the tag that needs it}

    def against(self, repository: str, digest: str, tags: List[str]) -> Optional[str]:
        """Why a manifest with these tags is not to be deleted after all; None where nothing speaks against it."""
        current = self._look(repository)
        for tag in tags:
            if tag in current:
                current[tag] = self._now.tag(repository, tag) or digest
                if current[tag] != digest:
                    return f"tag {tag} was pushed since the plan was made"
        return self._needed(repository, digest) or self._pushed_again(repository, digest)

    def _needed(self, repository: str, digest: str) -> Optional[str]:
        tag = self._protected.get(repository, {}).get(digest)
        return f"tag {tag}, pushed since the plan was made, needs it" if tag is not None else None

    def _pushed_again(self, repository: str, digest: str) -> Optional[str]:
        before = self._facts[repository].linked.get(digest)
        if before is None or self._now.linked(repository, digest) in (None, before):
            return None
        return "pushed again since the plan was made"

    def _look(self, repository: str) -> Dict[str, str]:
        """The tags as they are now, or were a moment ago. Whatever is new among them is followed down to all that it needs."""
        seen = self._seen.get(repository)
        if seen is not None and time.monotonic() - seen.when < self._now.freshness:
            return seen.tags
        when, tags = time.monotonic(), self._now.tags(repository)
        planned = self._facts[repository].tags
        for tag, digest in tags.items():
            if planned.get(tag) != digest:
                self._protect(repository, digest, tag)
        self._seen[repository] = _Seen(when, tags)
        return tags

    def _protect(self, repository: str, digest: str, tag: str) -> None:
        protected = self._protected.setdefault(repository, {})
        waiting = [digest]
        while waiting:
            below = waiting.pop()
            if below in protected:
                continue
            protected[below] = tag
            manifest = self._now.manifest(repository, below)
            if manifest is not None:
                waiting.extend(child.digest for child in manifest.children)
                waiting.extend(blob.digest for blob in manifest.blobs() if blob.digest in self._facts[repository].manifests)
                if manifest.subject is not None:
                    waiting.append(manifest.subject.digest)
