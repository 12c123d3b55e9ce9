# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Proof after a retention run: what stays is served as before, what was deleted is gone."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence, Set, Tuple

from ...errors import ProofFailed
from ...findings import INFO, Finding
from ...plans.retention.facts import RepositoryFacts
from ...plans.retention.items import DELETE_TAG, KEEP, Item
from ...plans.retention.keep import Graph
from .disk import Gathered

_ADVICE = "Undo this run by its run_id (registry_repair undo=...) before anything is collected"


def prove(before: Gathered, after: Gathered, items: Sequence[Item], is_gone: Callable[[str, str], bool]) -> Dict[str, Any]:
    """Compare what was gathered before and after; ``is_gone(repository, digest)`` asks for one manifest.

    Returns how many ``tags`` stay, and how many ``manifests`` are gone. Raises :class:`ProofFailed` for the first thing that is wrong.
    """
    then = {facts.name: facts for facts in before.repositories}
    now = {facts.name: facts for facts in after.repositories}
    done = [item for item in items if item.state == "done"]
    gone_tags = {(item.repository, tag) for item in done for tag in item.tags}
    tags = sum(_tags_stay(facts, now.get(name), gone_tags) for name, facts in then.items())
    for name, digests in _kept_without_tag(items).items():
        _demand_there(then[name], now.get(name), digests)
    for item in done:
        _demand_gone(item, then[item.repository], now.get(item.repository), is_gone)
    _demand_whole(before.findings, after.findings)
    return {"tags": tags, "manifests": sum(len(item.digests) for item in done if item.action != DELETE_TAG)}


def _tags_stay(then: RepositoryFacts, now: Optional[RepositoryFacts], gone: Set[Tuple[str, str]]) -> int:
    """How many tags of a repository stay."""
    tags = [tag for tag in then.tags if (then.name, tag) not in gone]
    lost = [tag for tag in tags if now is None or tag not in now.tags]
    if lost:
        raise ProofFailed("the tag is gone, and the plan did not delete it", where=f"{then.name}:{lost[0]}", advice=_ADVICE)
    return len(tags)


def _kept_without_tag(items: Sequence[Item]) -> Dict[str, List[str]]:
    """Repository: the manifests that stay in their own right although no tag points at them."""
    found: Dict[str, List[str]] = {}
    for item in items:
        if item.action == KEEP and not item.tags:
            found.setdefault(item.repository, []).append(item.digest)
    return found


def _demand_there(then: RepositoryFacts, now: Optional[RepositoryFacts], digests: Sequence[str]) -> None:
    """They are there, with every manifest that they need. Findings show nothing of it where no disk is at hand."""
    needed = Graph(then).below(*digests) & then.manifests
    lost = needed - (set() if now is None else now.manifests)
    if lost:
        raise ProofFailed(
            "the manifest is gone, and the plan did not delete it", where=f"{then.name} {min(lost)}", advice=_ADVICE
        )


def _demand_gone(item: Item, then: RepositoryFacts, now: Optional[RepositoryFacts], is_gone: Callable[[str, str], bool]) -> None:
    pushed = [] if now is None else [tag for tag, digest in now.tags.items() if then.tags.get(tag) != digest]
    if pushed:  # whatever is there now may have been pushed since
        return
    left = [] if now is None else [tag for tag in item.tags if tag in now.tags]
    digests = () if item.action == DELETE_TAG else item.digests
    left += [
        digest for digest in digests if (now is not None and digest in now.manifests) or not is_gone(item.repository, digest)
    ]
    if left:
        raise ProofFailed("it was deleted, and is still there", where=f"{item.repository} {left[0]}")


def _demand_whole(before: Sequence[Finding], after: Sequence[Finding]) -> None:
    known = set(map(_key, before))
    new: List[Finding] = [finding for finding in after if finding.severity != INFO and _key(finding) not in known]
    if new:
        where = f"{new[0].repository}:{new[0].tags[0]}" if new[0].tags else new[0].repository
        raise ProofFailed(
            f"{new[0].code} {new[0].digest}, which was not so before ({new[0].detail})", where=where, advice=_ADVICE
        )


def _key(finding: Finding) -> Tuple[str, str, str]:
    return finding.code, finding.repository, finding.digest
