# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From evidence and rules to the plan of one retention run. Pure."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Sequence, Tuple

from .across import keep_across
from .clock import Clock, clock_of
from .facts import Evidence, RepositoryFacts
from .items import DELETE_MANIFEST, DELETE_TAG, KEEP, Item
from .keep import Graph, Kept
from .remove import in_groups
from .rules import Rules
from .tags import Elsewhere

API, DISK = "api", "disk"
PLANNED = "planned"
BROKEN, DELETE_ALL = "broken", "delete_all"
#: what a run does only when it is told to
APPROVABLE = (BROKEN, DELETE_ALL)


class RetentionPlan(NamedTuple):
    """Items by repository, in the order in which they are carried out. ``refusals`` says what needs which approval before anything is done."""

    items: List[Item]
    caveats: List[str]
    refusals: List[Tuple[str, str]]  # (approval, what would be done without it)

    @property
    def changes(self) -> List[Item]:
        """What is to be deleted."""
        return [item for item in self.items if item.state == PLANNED]


def plan_retention(evidence: Evidence, rules: Rules, approve: Sequence[str] = ()) -> RetentionPlan:
    """Decide on every tag of every repository, and on every manifest that no tag needs."""
    clock = clock_of(evidence.now, evidence.repositories)
    broken = evidence.broken()
    across = keep_across(evidence, rules, clock, broken)
    items: List[Item] = []
    refusals: List[Tuple[str, str]] = []
    for facts in sorted(evidence.repositories, key=lambda facts: facts.name):
        if facts.name in broken:
            why = f"left alone: {facts.name} is not whole ({broken[facts.name][0].code})"
            items.extend(_all_kept(facts, why))
            refusals.extend((BROKEN, _describe(finding)) for finding in broken[facts.name])
            continue
        if facts.name not in across.kept:
            items.extend(_all_kept(facts, "left alone: neither keep_newest nor keep_younger_than is given for this repository"))
            continue
        found = _plan_repository(facts, across.kept[facts.name], evidence, across.elsewhere)
        items.extend(found)
        if _is_emptied(facts, found):
            refusals.append((DELETE_ALL, f"all {len(facts.tags)} tags of {facts.name} would go"))
    for name in sorted(broken.keys() - {facts.name for facts in evidence.repositories}):
        refusals.extend((BROKEN, _describe(finding)) for finding in broken[name])
    return RetentionPlan(items, _caveats(clock), [refusal for refusal in refusals if refusal[0] not in approve])


def _plan_repository(facts: RepositoryFacts, kept: Kept, evidence: Evidence, elsewhere: Elsewhere) -> List[Item]:
    items = [Item(KEEP, facts.name, (tag,), facts.tags[tag], reason) for tag, reason in sorted(kept.tags.items())]
    items += [Item(KEEP, facts.name, (), digest, reason) for digest, reason in sorted(kept.digests.items())]
    if evidence.is_cache:
        gone = [
            Item(DELETE_TAG, facts.name, (tag,), facts.tags[tag], why, (), DISK, PLANNED)
            for tag, why in sorted(kept.lost.items())
        ]
        return items + gone
    return items + _tags_alone(facts, kept, evidence) + _manifests(facts, kept, elsewhere)


def _tags_alone(facts: RepositoryFacts, kept: Kept, evidence: Evidence) -> List[Item]:
    """Tags that go while their manifest stays, if that is possible here."""
    items = []
    at: Dict[str, str] = {facts.tags[tag]: tag for tag in sorted(kept.tags)}
    for tag, reason in sorted(kept.lost.items()):
        digest = facts.tags[tag]
        if digest in facts.manifests and digest not in kept.closure:
            continue
        other = f"tag {at[digest]} has the same manifest" if digest in at else "something that stays needs its manifest"
        if digest not in facts.manifests:
            items.append(Item(KEEP, facts.name, (tag,), digest, "its manifest is of a kind that cannot be read"))
        elif evidence.untag_way is None:
            why = f"{reason}; but {other}, and over the API of registry 2.x no tag goes without its manifest (give path)"
            items.append(Item(KEEP, facts.name, (tag,), digest, why))
        else:
            detail = f"the manifest stays: {other}"
            items.append(Item(DELETE_TAG, facts.name, (tag,), digest, reason, (), evidence.untag_way, PLANNED, detail))
    return items


def _manifests(facts: RepositoryFacts, kept: Kept, elsewhere: Elsewhere) -> List[Item]:
    """Manifests that go, with all their tags."""
    tags: Dict[str, List[str]] = {}
    for tag, digest in sorted(facts.tags.items()):
        tags.setdefault(digest, []).append(tag)
    graph = Graph(facts)
    items = []
    for digest, parts in in_groups(facts, graph, facts.manifests - kept.closure):
        own = tags.get(digest, [])
        reason = "; ".join(dict.fromkeys(kept.lost[tag] for tag in own)) if own else _why_untagged(facts, digest, elsewhere)
        detail = _what_stays(facts, digest, kept)
        items.append(Item(DELETE_MANIFEST, facts.name, tuple(own), digest, reason, parts, API, PLANNED, detail))
    return items


def _why_untagged(facts: RepositoryFacts, digest: str, elsewhere: Elsewhere) -> str:
    subject = facts.subjects.get(digest)
    if subject is None:
        return "no tag needs it"
    return f"no tag needs it, and what it refers to {elsewhere.fate(subject)} ({subject})"


def _what_stays(facts: RepositoryFacts, digest: str, kept: Kept) -> str:
    shared = sum(child in kept.closure for child in set(facts.edges.get(digest, ())))
    return f"{shared} of its manifests stay, since something else needs them" if shared else ""


def _all_kept(facts: RepositoryFacts, why: str) -> List[Item]:
    return [Item(KEEP, facts.name, (tag,), digest, why) for tag, digest in sorted(facts.tags.items())]


def _is_emptied(facts: RepositoryFacts, items: Sequence[Item]) -> bool:
    """Whether a repository that has tags would be left with none; those of referrers count, since it may hold nothing else."""
    gone = {tag for item in items if item.state == PLANNED for tag in item.tags}
    return bool(facts.tags) and gone.issuperset(facts.tags)


def _describe(finding: object) -> str:
    repository, tags, digest, code = (getattr(finding, name) for name in ("repository", "tags", "digest", "code"))
    names = ", ".join(f"{repository}:{tag}" for tag in tags[:3]) or repository
    more = f" and {len(tags) - 3} more tags" if len(tags) > 3 else ""
    return f"{names}{more} cannot be read whole: {code} {digest}".rstrip()


def _caveats(clock: Clock) -> List[str]:
    if not clock.doubt:
        return []
    return [f"{clock.doubt}: ages cannot be told, so whatever may be young stays, untagged manifests above all"]
