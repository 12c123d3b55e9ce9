# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which manifests any repository serves: a referrer may be kept in another one than what it is about."""

from __future__ import annotations

from typing import Callable, Dict, List, NamedTuple, Sequence, Set, Tuple

from ..client import Client
from ..digest import split_digest
from ..errors import RegistryError
from ..view import MISSING, RepositoryView
from .facts import manifest_facts

#: Requests for subjects that no tag shows: they may be untagged in any repository. Where there are more repositories, as many as those.
MAX_ASKED = 500
UNDECIDED = "{count} images that signatures or other referrers are about were not seen; another repository may have them: {why}"
_TOO_MANY = "to ask all repositories for all of them takes more than {bound} requests"
_NOT_ALL = "only a walk of the whole catalog can tell"
_CUT_SHORT = "the walk could not ask"


class Asking(NamedTuple):
    """Who is asked, and how: ``names`` of all repositories; ``failed`` hears (repository, why); ``going_on`` tells whether to go on."""

    client: Client
    names: Sequence[str]
    failed: Callable[[str, RegistryError], None]
    going_on: Callable[[], bool]


class Elsewhere:
    """Fed with each repository while a walk runs, by one thread at a time; asks once the walk is through."""

    def __init__(self) -> None:
        self._served: Set[bytes] = set()  # manifests, packed: there may be a million
        self._lacking: Set[Tuple[str, str]] = set()  # (repository, digest) of what was asked for and is not there
        self._found: Set[str] = set()  # subjects that some repository serves
        self._undecided: Set[str] = set()
        self._why = ""
        self._near: Dict[str, str] = {}  # repository of referrers: the one that had the last of their subjects
        self.nowhere: Set[str] = set()  #: subjects that no repository serves

    def note(self, view: RepositoryView) -> None:
        """What a repository serves, and what it does not."""
        self._served.update(map(_packed, view.manifests))
        self._served.update([_packed(view.tags[tag]) for tag in view.legacy if view.tags.get(tag)])
        for digest, fault in view.manifest_faults.items():
            if fault.symptom == MISSING:
                self._lacking.add((view.name, digest))
            else:
                self._served.add(_packed(digest))

    def ask(self, views: Sequence[RepositoryView], asking: Asking) -> None:
        """Find out which of the subjects that these repositories lack no repository serves, with or without a tag.

        One after the other, first where it is likely: most are found at once, and a registry behind bcrypt is not flooded.
        """
        left = bound = max(MAX_ASKED, len(asking.names))
        for view in views:
            for digest in sorted(view.elsewhere):
                if digest in self.nowhere or digest in self._found or _packed(digest) in self._served:
                    continue
                if len(asking.names) > left:  # not worth a beginning: only an answer of every one tells that it is nowhere
                    self._why = _TOO_MANY.format(bound=bound)
                    return
                left -= self._ask_for(digest, view.name, asking)

    def _ask_for(self, digest: str, referrers: str, asking: Asking) -> int:
        """Ask until one has it; returns how many were asked."""
        asked = 0
        for name in self._by_nearness(referrers, asking.names):
            if (name, digest) in self._lacking:
                continue
            if not asking.going_on():
                return asked
            asked += 1
            try:
                fault = manifest_facts(asking.client.get_manifest(name, digest), digest).fault
            except RegistryError as error:
                asking.failed(name, error)
                return asked
            if fault is None or fault.symptom != MISSING:
                self._found.add(digest)
                self._near[referrers] = name
                return asked
            self._lacking.add((name, digest))
        self.nowhere.add(digest)
        return asked

    def _by_nearness(self, referrers: str, names: Sequence[str]) -> List[str]:
        """The repository that had the last one, then those whose names have most in common."""
        near, parts = self._near.get(referrers), referrers.split("/")
        return sorted(names, key=lambda name: (name != near, -_in_common(name.split("/"), parts)))

    def conclude(self, view: RepositoryView) -> None:
        """Take down what is held against nobody in a repository that is judged now."""
        self._undecided.update(each for each in view.elsewhere if each not in self._found and _packed(each) not in self._served)

    def caveats(self, knows_all: bool) -> List[str]:
        """What is to be known of it; ``knows_all``: the names of all repositories were known."""
        why = self._why or (_CUT_SHORT if knows_all else _NOT_ALL)
        return [UNDECIDED.format(count=len(self._undecided), why=why)] if self._undecided else []


def _packed(digest: str) -> bytes:
    """A digest in less room."""
    return bytes.fromhex(split_digest(digest)[1])


def _in_common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many folders two names share from the start."""
    return next((number for number, (mine, yours) in enumerate(zip(one, other)) if mine != yours), min(len(one), len(other)))
