# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which tags of one repository the rules keep."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, NamedTuple, Optional, Tuple

from ...reach import subject_of_tag
from .clock import Clock
from .facts import Evidence, RepositoryFacts
from .rules import Rule

_DIGITS = re.compile(r"(\d+)")


class Elsewhere(NamedTuple):
    """Manifests of all repositories. ``stays`` grows while repositories are judged."""

    stays: Dict[str, str]  # manifest: a repository in which it stays
    held: Mapping[str, str]  # manifest: a repository that serves it
    broken: str = ""  # a repository of which nobody can tell what it holds

    def subject_stays(self, subject: str) -> Optional[str]:
        """Why a referrer to ``subject``, which its own repository has not, stays; None where nothing in any repository says so."""
        if subject in self.stays:
            return f"refers to {subject}, which stays in {self.stays[subject]}"
        if self.broken and subject not in self.held:
            return f"its subject is not here, and may belong to {self.broken}, which is not whole"
        return None

    def fate(self, subject: str) -> str:
        """What becomes of a subject that does not stay."""
        return "goes" if subject in self.held else "is gone"


class TagJudge:
    """Judges the tags of one repository by its rule."""

    def __init__(self, facts: RepositoryFacts, rule: Rule, evidence: Evidence, clock: Clock, elsewhere: Elsewhere) -> None:
        self._facts = facts
        self._elsewhere = elsewhere
        self._rule = rule
        self._evidence = evidence
        self._clock = clock
        self._ranked = self._newest_first()
        self._ranks = {tag: number for number, tag in enumerate(self._ranked, 1)}

    def judge(self) -> Tuple[Dict[str, str], Dict[str, str]]:
        """The tags that stay and those that go, each with its reason. Referrer tags whose subject is here are in neither, unless in use."""
        kept: Dict[str, str] = {}
        lost: Dict[str, str] = {}
        for tag, digest in self._facts.tags.items():
            subject = subject_of_tag(tag)
            reason = "its digest is in use" if digest in self._evidence.in_use else None
            if subject is None:
                reason = self._why_named(tag) or reason or self._why_ranked(tag)
            elif subject not in self._facts.manifests:
                reason = reason or self._elsewhere.subject_stays(subject) or self._why_without_subject(tag, subject)
            if reason:
                kept[tag] = reason
            elif subject is None:
                lost[tag] = f"number {self._ranks[tag]} of {len(self._ranked)} by time of push, and no other rule keeps it"
            elif subject not in self._facts.manifests:
                lost[tag] = f"refers to {subject}, which {self._elsewhere.fate(subject)}"
        return kept, lost

    def _newest_first(self) -> List[str]:
        """The tags that can be ranked. Those of the future are none of them: they would push aside all that is pushed from now on."""
        pushed, is_ahead = self._facts.pushed, self._clock.is_ahead
        tags = [tag for tag in self._facts.tags if tag in pushed and not is_ahead(pushed[tag]) and subject_of_tag(tag) is None]
        return sorted(tags, key=lambda tag: (pushed[tag], _natural(tag), tag), reverse=True)

    def _why_named(self, tag: str) -> Optional[str]:
        pattern = next((pattern for pattern in self._rule.tags if pattern.matches(tag)), None)
        if pattern is not None:
            return f"keep_tags has {pattern.text}"
        return "its name is in use" if (self._facts.name, tag) in self._evidence.images_in_use else None

    def _why_ranked(self, tag: str) -> Optional[str]:
        """A reason in its time of push."""
        rule, rank, pushed = self._rule, self._ranks.get(tag), self._facts.pushed.get(tag)
        if pushed is None:
            return "nothing tells when it was pushed"
        if rank is None:
            return "it was pushed in the future, by this machine's clock"
        if rule.newest is not None and rank <= rule.newest:
            return f"number {rank} of the newest {rule.newest}"
        if rule.younger_than is not None and self._clock.is_young(pushed, rule.younger_than):
            return self._clock.doubt or f"younger than {rule.younger_than / 86400:g} days"
        return None

    def _why_without_subject(self, tag: str, subject: str) -> Optional[str]:
        """A referrer lives and dies with its subject. One without a subject may be about what is just being pushed."""
        if subject in self._elsewhere.held:
            return None
        pushed = self._facts.pushed.get(tag)
        if pushed is None or self._clock.is_young(pushed, self._evidence.grace):
            return self._clock.doubt or "its subject is not here, and may be under way"
        return None


def _natural(tag: str) -> List[object]:
    """v10 after v9."""
    return [int(part) if part.isdigit() else part for part in _DIGITS.split(tag)]
