# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a retention plan needs to know: plain data, gathered by ``evidence/retention``."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from ...findings import Finding


class RepositoryFacts(NamedTuple):
    """One repository. Times are seconds since the epoch; a time that nothing tells is not in its mapping."""

    name: str
    tags: Mapping[str, str]  # tag: digest
    pushed: Mapping[str, float]  # tag: when it was pushed
    edges: Mapping[str, Sequence[str]]  # manifest: the manifests of this repository that it names; only where it names any
    subjects: Mapping[str, str]  # manifest: what it refers to; only where it refers to anything
    manifests: Set[str]  # every manifest that the repository serves and that could be read
    linked: Mapping[str, float]  # manifest: when the link that serves it was last written

    def as_data(self) -> Dict[str, Any]:
        """Plain JSON types, for the way from one process to another."""
        return dict(self._asdict(), manifests=list(self.manifests))

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> RepositoryFacts:
        """The reverse of :meth:`as_data`."""
        return cls(**dict(data, manifests=set(data["manifests"])))


class Evidence(NamedTuple):
    """One registry. ``now`` and the grace are in seconds.

    ``in_use`` holds digests; ``images_in_use`` holds (repository, tag). ``findings`` are those of the observer that gathered the facts.
    """

    repositories: Sequence[RepositoryFacts]
    now: float
    grace: float = 86400.0
    findings: Sequence[Finding] = ()
    in_use: FrozenSet[str] = frozenset()
    images_in_use: FrozenSet[Tuple[str, str]] = frozenset()
    is_cache: bool = False
    untag_way: Optional[str] = None  # how a tag can go without its manifest; None where it cannot
    leftovers: FrozenSet[Tuple[str, str]] = frozenset()  # (repository, digest): a run that was killed had begun with them

    def broken(self) -> Dict[str, List[Finding]]:
        """Findings that leave it open what an image needs, by repository."""
        found: Dict[str, List[Finding]] = {}
        for finding in self.findings:
            if hides_needs(finding):
                found.setdefault(finding.repository, []).append(finding)
        return found


_ALWAYS = frozenset(("tag-dangling", "child-missing", "manifest-invalid"))
_MANIFESTS = frozenset(("index", "manifest", "tag"))


def hides_needs(finding: Finding) -> bool:
    """Whether a tag's manifests cannot all be read, so that nobody can tell what it needs. Lost configs and layers hide nothing."""
    if finding.code in _ALWAYS or (finding.code in ("blob-truncated", "blob-corrupt") and finding.role in _MANIFESTS):
        return bool(finding.tags)
    return finding.code == "link-invalid" and finding.severity == "critical"
