# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The walk of one repository: which requests its answers lead to, each distinct digest asked for once."""

from __future__ import annotations

import threading
from functools import partial
from typing import AbstractSet, Callable, Iterable, List, NamedTuple, Optional, Set

from ..client import Client
from ..digest import is_digest
from ..errors import AuthenticationFailed, BadInput, RegistryError
from ..judge import judge, lost_subjects
from ..model import MAX_DEPTH, Descriptor, Manifest
from ..reach import subject_of_tag
from ..reference import is_tag
from ..view import INVALID, Fault, RepositoryView
from .blobs import prove_blob
from .facts import ManifestFacts
from .manifests import ask_manifest
from .pool import TaskPool


class Options(NamedTuple):
    """What to look at in each repository, and how hard."""

    proof: str = "bytes"  # manifests, head, bytes or content
    tags_per_repository: int = 0  # 0: all
    referrers: bool = False  # ask the referrers API as well


class Host(NamedTuple):
    """What a repository's walk needs of the whole."""

    client: Client
    pool: TaskPool
    options: Options
    failed: Callable[[str, RegistryError], None]  # (what, why): it could not be looked at
    succeeded: Callable[[], None]
    finished: Callable[[RepositoryWalk], None]


class RepositoryWalk:
    """Fills ``view``; calls ``host.finished(self)`` when the last answer is in, and again after :meth:`accuse`.

    Subjects of referrers that are not there are in ``view.elsewhere``, until the whole walk knows that no repository serves them.
    """

    def __init__(self, host: Host, name: str, wanted: Optional[Iterable[str]] = None, *, must_exist: bool = False) -> None:
        """``wanted``: tags and digests to look at; None stands for every tag that the registry lists.

        ``must_exist``: a repository that the registry does not know could not be looked at, rather than has no tags.
        """
        self.view = RepositoryView(name)
        self.left_out = 0  # tags that were listed, and not to be looked at
        self.odd_tags: List[str] = []  # what is listed among the tags, and cannot be asked for: no tag may be named so
        self.abandoned = False
        self._host = host
        self._wanted = None if wanted is None else list(wanted)
        self._must_exist = must_exist
        self._claimed: Set[str] = set()
        self._pending = 0
        self._lock = threading.Lock()
        self._rounds = 0
        self._nowhere: AbstractSet[str] = frozenset()  # subjects that no repository serves

    @property
    def lists_tags(self) -> bool:
        """Whether the tags come from the registry's own list."""
        return self._wanted is None

    def start(self) -> None:
        """The first task: learn the tags, then ask for each."""
        self._pending += 1
        self._guarded(self._begin)

    def _begin(self) -> None:
        references = self._wanted
        if references is None:
            listed, limit = self._list_tags(), self._host.options.tags_per_repository
            references = sorted(listed)[-limit:] if limit else listed
            self.left_out = len(listed) - len(references)
        self._add([partial(self._fetch_root, reference) for reference in references])

    def _list_tags(self) -> List[str]:
        listed = self._host.client.tags(self.view.name)
        self._host.succeeded()
        if listed is None and self._must_exist:
            raise BadInput("the registry knows no such repository", advice="Check the name")
        self.odd_tags = sorted(name for name in listed or () if not is_tag(name))
        return [tag for tag in listed or () if is_tag(tag)]

    def _add(self, tasks: List[Callable[[], None]]) -> None:
        with self._lock:
            self._pending += len(tasks)
        self._host.pool.add([partial(self._guarded, task) for task in tasks])

    def _guarded(self, task: Callable[[], None]) -> None:
        """Run one task; whatever becomes of it, count it as done, and finish when it was the last."""
        try:
            if not self.abandoned:
                task()
        except RegistryError as error:
            self.abandoned = self.abandoned or isinstance(error, AuthenticationFailed)
            self._host.failed(self.view.name, error)
        with self._lock:
            self._pending -= 1
            last = self._pending == 0
        if last and not self._recheck():
            self._host.finished(self)

    # -- manifests

    def _fetch_root(self, reference: str) -> None:
        facts = self._ask_manifest(reference)
        label = f"@{reference}" if is_digest(reference) else reference
        self.view.tags[label] = facts.digest
        if facts.legacy:
            self.view.legacy.append(label)
            return
        if not facts.digest and facts.fault is not None:
            self.view.tag_faults[label] = facts.fault
            return
        if self._claim(facts.digest):
            self._take(facts, 0)
        self._look_at_subject(subject_of_tag(label))

    def _fetch_manifest(self, digest: str, depth: int) -> None:
        if depth > MAX_DEPTH:
            self.view.manifest_faults[digest] = Fault(INVALID, "invalid", f"nested deeper than {MAX_DEPTH} levels")
            return
        self._take(self._ask_manifest(digest), depth)

    def _ask_manifest(self, reference: str) -> ManifestFacts:
        facts = ask_manifest(self._host.client, self.view.name, reference)
        self._host.succeeded()
        return facts

    def _take(self, facts: ManifestFacts, depth: int) -> None:
        view, digest = self.view, facts.digest
        if facts.legacy:
            return
        if facts.fault is not None:
            view.manifest_faults[digest] = facts.fault
            return
        view.sizes[digest] = facts.size
        if facts.manifest is None:
            return
        view.manifests[digest] = facts.manifest
        self._add(self._children(facts.manifest, depth) + self._blobs(facts.manifest))
        if facts.manifest.subject is not None:
            self._look_at_subject(facts.manifest.subject.digest)
        if depth == 0 and self._host.options.referrers:
            self._list_referrers(digest)

    def _children(self, manifest: Manifest, depth: int) -> List[Callable[[], None]]:
        fresh = [child.digest for child in manifest.children if self._claim(child.digest)]
        return [partial(self._fetch_manifest, digest, depth + 1) for digest in fresh]

    def _look_at_subject(self, digest: Optional[str]) -> None:
        """A referrer's subject must be there, whether or not a tag reaches it."""
        if digest is not None and self._claim(digest):
            self._add([partial(self._fetch_manifest, digest, 0)])

    def _list_referrers(self, digest: str) -> None:
        found = self._host.client.referrers(self.view.name, digest)
        if found:
            self.view.referrers[digest] = tuple(found)
            self._add([partial(self._fetch_manifest, item.digest, 1) for item in found if self._claim(item.digest)])

    # -- blobs

    def _blobs(self, manifest: Manifest) -> List[Callable[[], None]]:
        if self._host.options.proof == "manifests":
            return []
        return [partial(self._prove_blob, blob) for blob in manifest.blobs() if self._claim("blob " + blob.digest)]

    def _prove_blob(self, blob: Descriptor) -> None:
        facts = prove_blob(self._host.client, self.view.name, blob, self._host.options.proof)
        self._host.succeeded()
        if facts.fault is not None:
            self.view.blob_faults[blob.digest] = facts.fault
        elif facts.size is not None:
            self.view.sizes[blob.digest] = facts.size

    # -- the end

    def _claim(self, key: str) -> bool:
        """Whether the caller is the first to ask for ``key``."""
        with self._lock:
            if key in self._claimed:
                return False
            self._claimed.add(key)
            return True

    def _recheck(self) -> bool:
        """Before accusing: tags that were deleted or moved while the walk ran are no fault. True if there is more to do."""
        self.view.elsewhere.update(lost_subjects(self.view) - self._nowhere)
        if not self.lists_tags or self.abandoned or self._rounds >= 2 or not judge(self.view):
            return False
        self._rounds += 1
        self._pending += 1
        self._host.pool.add([partial(self._guarded, self._forget_vanished)])
        return True

    def let_go(self) -> None:
        """All is looked at, and it has to wait for others: let go of what only looking needs, which is much for a large repository."""
        self._claimed.clear()

    def accuse(self, nowhere: AbstractSet[str]) -> None:
        """A task for when all is looked at: those subjects are served by no repository. Tags that vanished meanwhile are forgotten first."""
        self._nowhere = nowhere
        self.view.elsewhere -= nowhere
        self._rounds = 2
        self._pending += 1
        self._guarded(self._forget_vanished)

    def _forget_vanished(self) -> None:
        listed = set(self._host.client.tags(self.view.name) or ())
        for tag in [tag for tag in self.view.tags if tag not in listed]:
            self._forget(tag)
        suspects = self._suspect_tags()
        moved = [tag for tag in suspects if self._has_moved(tag)]
        for tag in moved:
            self._forget(tag)
        self._add([partial(self._fetch_root, tag) for tag in moved])
        if not moved:
            self._rounds = 2

    def _forget(self, tag: str) -> None:
        self.view.tags.pop(tag, None)
        self.view.tag_faults.pop(tag, None)

    def _suspect_tags(self) -> Set[str]:
        """Those that may have moved since. A referrer's has not: whatever became of its subject, it would still be about that."""
        return {tag for finding in judge(self.view) if finding.code != "referrer-dangling" for tag in finding.tags}

    def _has_moved(self, tag: str) -> bool:
        answer = self._host.client.head_manifest(self.view.name, tag)
        named = answer.headers.get("docker-content-digest", "")
        known = self.view.tags.get(tag, "")
        return answer.status == 200 and is_digest(named) and named != known
