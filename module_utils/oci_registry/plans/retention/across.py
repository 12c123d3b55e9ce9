# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What one repository has to do with another: a referrer may be kept in a repository of its own, as cosign does with COSIGN_REPOSITORY.

It then lives and dies with its subject all the same, so what stays in one repository decides what stays in others.
"""

from __future__ import annotations

from typing import Dict, List, Mapping, NamedTuple, Sequence, Set

from ...findings import Finding
from .clock import Clock
from .facts import Evidence, RepositoryFacts
from .keep import Kept, keep
from .rules import Rules
from .tags import Elsewhere


class Across(NamedTuple):
    """``kept`` by repository, for those to which a rule applies; ``elsewhere`` is what was known of all repositories together."""

    kept: Dict[str, Kept]
    elsewhere: Elsewhere


def keep_across(evidence: Evidence, rules: Rules, clock: Clock, broken: Mapping[str, Sequence[Finding]]) -> Across:
    """Apply the rules to every repository, again where what stays in another one makes a difference.

    ``broken`` is :meth:`Evidence.broken`: these are left alone, as are those to which no rule applies.
    """
    left_alone: Dict[str, RepositoryFacts] = {}
    judged: Dict[str, RepositoryFacts] = {}
    for facts in evidence.repositories:
        is_judged = facts.name not in broken and rules.of(facts.name).is_active
        (judged if is_judged else left_alone)[facts.name] = facts
    elsewhere = Elsewhere({}, _holders(evidence.repositories), min(broken, default=""))
    for name, facts in sorted(left_alone.items()):
        _add(elsewhere.stays, name, _all_of(facts, broken.get(name, ())))
    kept: Dict[str, Kept] = {}
    waiting: List[str] = sorted(judged)
    while waiting:
        for name in waiting:
            kept[name] = keep(judged[name], rules.of(name), evidence, clock, elsewhere)
        new: Set[str] = set()
        for name in waiting:
            new |= _add(elsewhere.stays, name, kept[name].closure & judged[name].manifests)
        waiting = [name for name in sorted(judged) if kept[name].foreign & new]
    return Across(kept, elsewhere)


def _holders(repositories: Sequence[RepositoryFacts]) -> Mapping[str, str]:
    """Manifest: a repository that serves it."""
    return {digest: facts.name for facts in repositories for digest in facts.manifests}


def _all_of(facts: RepositoryFacts, findings: Sequence[Finding]) -> Set[str]:
    """Whatever a repository that is left alone has, or lacks and may get back."""
    named = {child for children in facts.edges.values() for child in children}
    return {*facts.manifests, *facts.tags.values(), *named, *(finding.digest for finding in findings)} - {""}


def _add(stays: Dict[str, str], name: str, digests: Set[str]) -> Set[str]:
    """Note that the digests stay in that repository; returns those of which no other had said so."""
    new = digests - stays.keys()
    stays.update(dict.fromkeys(new, name))
    return new
