# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which manifests any repository serves: a referrer may be kept in another one than what it is about."""

from __future__ import annotations

from typing import Callable, Dict, List, NamedTuple, Sequence, Set, Tuple

from ..client import Client
from ..digest import split_digest
from ..errors import RegistryError
from ..view import MISSING, RepositoryView
from .manifests import ask_manifest

#: Requests for subjects that no tag shows: they may be untagged in any repository. Where there are more repositories, as many as those.
MAX_ASKED = 500
UNDECIDED = "{count} images that signatures or other referrers are about were not seen; another repository may have them: {why}"
_TOO_MANY = "to ask all repositories for all of them takes more than {bound} requests"
_NOT_ALL = "only a walk of the whole catalog can tell"
_CUT_SHORT = "the walk could not ask"


class Asking(NamedTuple):
    """Who is asked, and how: ``names`` of all repositories; ``going_on`` tells whether to go on.

    ``succeeded`` hears of each answer, ``failed`` (repository, why) of each that does not come.
    """

    client: Client
    names: Sequence[str]
    succeeded: Callable[[], None]
    failed: Callable[[str, RegistryError], None]
    going_on: Callable[[], bool]


class Elsewhere:
    """Fed with each repository while a walk runs, by one thread at a time; asks once the walk is through."""

    def __init__(self) -> None:
        self._served: Set[bytes] = set()  # manifests, packed: there may be a million
        self._lacking: Set[Tuple[str, str]] = set()  # (repository, digest) of what was asked for and is not there
        self._found: Set[str] = set()  # subjects that some repository serves
        self._mute: Set[str] = set()  # repositories that did not answer: nothing is known of what they serve
        self._asked_after: Set[str] = set()  # subjects that were not seen when their referrers were judged
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
            for digest in sorted(self.undecided(view) - self.nowhere):
                if not asking.going_on():
                    return
                if digest in self._found:  # meanwhile
                    continue
                if len(asking.names) > left:  # not worth a beginning: only an answer of every one tells that it is nowhere
                    self._why = _TOO_MANY.format(bound=bound)
                    return
                left -= self._ask_for(digest, view.name, asking)

    def _ask_for(self, digest: str, referrers: str, asking: Asking) -> int:
        """Ask until one has it; returns how many were asked. One that does not answer is not asked again, and may have anything."""
        asked = 0
        for name in self._by_nearness(referrers, asking.names):
            if (name, digest) in self._lacking or name in self._mute:
                continue
            if not asking.going_on():
                return asked
            asked += 1
            try:
                fault = ask_manifest(asking.client, name, digest).fault
            except RegistryError as error:
                self._mute.add(name)
                asking.failed(name, error)
                continue
            asking.succeeded()
            if fault is None or fault.symptom != MISSING:
                self._found.add(digest)
                self._near[referrers] = name
                return asked
            self._lacking.add((name, digest))
        if all((name, digest) in self._lacking for name in self._mute):
            self.nowhere.add(digest)
        return asked

    def _by_nearness(self, referrers: str, names: Sequence[str]) -> List[str]:
        """The repository that had the last one, then those whose names have most in common."""
        near, parts = self._near.get(referrers), referrers.split("/")
        return sorted(names, key=lambda name: (name != near, -_in_common(name.split("/"), parts)))

    def undecided(self, view: RepositoryView) -> Set[str]:
        """What a repository lacks, and no other one is known to serve."""
        return set(filter(self._unseen, view.elsewhere))

    def conclude(self, view: RepositoryView) -> None:
        """Take down what is held against nobody in a repository that is judged now."""
        self._asked_after.update(self.undecided(view))

    def _unseen(self, digest: str) -> bool:
        return digest not in self._found and _packed(digest) not in self._served

    def caveats(self, knows_all: bool) -> List[str]:
        """What is to be known of it; ``knows_all``: the names of all repositories were known."""
        why = self._why or (_CUT_SHORT if knows_all else _NOT_ALL)
        undecided = sum(map(self._unseen, self._asked_after))
        return [UNDECIDED.format(count=undecided, why=why)] if undecided else []


def _packed(digest: str) -> bytes:
    """A digest in less room."""
    return bytes.fromhex(split_digest(digest)[1])


def _in_common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many folders two names share from the start."""
    return next((number for number, (mine, yours) in enumerate(zip(one, other)) if mine != yours), min(len(one), len(other)))
