# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The gate before a garbage collection: what the registry says it would delete, against what we know to be needed. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, FrozenSet, Iterator, List, NamedTuple, Sequence, Tuple

from ..errors import GateRefused
from ..findings import INFO, Finding
from ..reach import subject_of_tag
from .dryrun import DryRun

#: verdicts: nothing to delete; clear; pushes are under way; something would be lost
NOTHING, CLEAR, BUSY, REFUSED = "nothing", "clear", "busy", "refused"

#: refusals that go away by themselves
PASSING = frozenset(("upload-in-flight", "push-in-flight"))

_UNTAGGED_BY = "the collect command deletes untagged manifests (-m, --delete-untagged)"
_TAKES = "2.8 then takes the children of tagged indexes, 3.x what an orphaned index of another repository names, both untagged referrers"
_NO_LAYERS = (
    "it has no folder _layers: 2.8 does not see it and sweeps what it holds, 3.x stops at it. Create that folder, "
    "empty, with the owner of the one above it, or push an image to the repository"
)
_SUBJECT = (
    "what the tag refers to, whose own link is gone: delete the referrer, as retention does in time (playbooks/maintain.yml), "
    "or bring its subject back (playbooks/recover.yml)"
)
_UNMARKED = "no revision link leads to it; if it was pushed while the gate looked, run again"


class Refusal(NamedTuple):
    """One reason not to collect. ``code`` is stable; ``repository``, ``tags`` and ``digest`` are empty where they say nothing."""

    code: str
    repository: str
    tags: Tuple[str, ...]
    digest: str
    detail: str

    def as_dict(self) -> Dict[str, Any]:
        """Plain JSON types."""
        return dict(self._asdict(), tags=list(self.tags))


class Need(NamedTuple):
    """Something that the dry run would delete and one repository needs: for some tags, or for an untagged manifest that it serves."""

    repository: str
    digest: str
    role: str  # manifest or blob
    tags: Tuple[str, ...]


class Push(NamedTuple):
    """A push under way: an upload (``digest`` empty), or something finished that no manifest or tag names yet."""

    repository: str
    digest: str
    age: float  # seconds since the last write
    what: str


@dataclass
class Holdings:
    """What is on disk, as far as the gate asks for it."""

    findings: Sequence[Finding] = ()
    problems: Sequence[str] = ()
    unservable: Sequence[str] = ()  # folders below repositories/ with a name that no repository may have
    serving: FrozenSet[str] = frozenset()  # repositories with revision links
    without_tags: Sequence[str] = ()  # of them, those without a folder ``tags``
    without_layers: Sequence[str] = ()  # and those without a folder ``_layers``
    needs: Sequence[Need] = ()
    pushes: Sequence[Push] = ()
    notes: List[str] = field(default_factory=list)
    layers: Sequence[Tuple[str, str]] = ()  # (repository, digest) of layer links to what the dry run names
    garbage_bytes: int = 0  # of the blobs that the dry run names


@dataclass
class Verdict:
    """What the gate says, and what the collection would delete."""

    refusals: List[Refusal]
    dry_run: DryRun
    holdings: Holdings

    @property
    def word(self) -> str:
        """One of nothing, clear, busy, refused."""
        if any(refusal.code not in PASSING for refusal in self.refusals):
            return REFUSED
        if self.dry_run.is_empty:
            return NOTHING
        return BUSY if self.refusals else CLEAR

    def swept(self) -> Dict[str, Any]:
        """What would go: counts, and bytes."""
        run = self.dry_run
        counts = {"blobs": len(run.blobs), "manifests": len(run.manifests), "layer_links": len(run.layer_links)}
        return dict(counts, bytes=self.holdings.garbage_bytes)

    def demand(self, where: str) -> None:
        """Raise :class:`GateRefused` for a verdict that allows no collection: the first refusal whole, of the others how many."""
        if self.word not in (REFUSED, BUSY):
            return
        first = min(self.refusals, key=lambda refusal: refusal.code in PASSING)
        image = f"{first.repository}:{','.join(first.tags)}" if first.tags else first.repository
        rest = f" (and {len(self.refusals) - 1} more)" if len(self.refusals) > 1 else ""
        what = " ".join(filter(None, (f"{first.code}:", image, first.digest, first.detail))) + rest
        raise GateRefused(what, where=where, advice="No garbage was collected")


def judge_collection(dry_run: DryRun, holdings: Holdings, *, delete_untagged: bool) -> Verdict:
    """Whether the collection may run. ``delete_untagged``: the command says ``-m``."""
    refusals = list(_broken(holdings))
    refusals.extend(_failing(holdings, delete_untagged))
    refusals.extend(_unreliable(dry_run, holdings))
    refusals.extend(_lossy(holdings.needs, delete_untagged))
    refusals.extend(_busy(holdings.pushes))
    return Verdict(refusals, dry_run, holdings)


def _broken(holdings: Holdings) -> Iterator[Refusal]:
    """A collection takes the repairs of broken images: what an unlinked child or tag names is swept."""
    for problem in holdings.problems:
        yield Refusal("unreadable", "", (), "", problem)
    for finding in holdings.findings:
        detail = f"{finding.code} ({finding.state}): {finding.detail or finding.role}; repair first"
        if finding.code == "link-invalid":
            yield Refusal(finding.code, finding.repository, finding.tags, finding.digest, f"{detail}: the collection stops at it")
        elif finding.severity != INFO and finding.code != "referrer-dangling":  # its subject is lost, or a need of its own
            yield Refusal("broken-image", finding.repository, finding.tags, finding.digest, detail)


def _failing(holdings: Holdings, delete_untagged: bool) -> Iterator[Refusal]:
    for name in holdings.unservable:
        yield Refusal("invalid-repository", name, (), "", "a folder with this name is no repository: the collection stops at it")
    for name in holdings.without_layers:
        yield Refusal("layers-missing", name, (), "", _NO_LAYERS)
    for name in holdings.without_tags if delete_untagged else ():
        detail = f"it has no folder tags, and {_UNTAGGED_BY}: 2.8 stops at it, 3.x sweeps all that it holds"
        yield Refusal("tags-missing", name, (), "", detail)


def _unreliable(dry_run: DryRun, holdings: Holdings) -> Iterator[Refusal]:
    if dry_run.problem:
        yield Refusal("dry-run", "", (), "", f"the dry run cannot be relied on: {dry_run.problem}")
        return
    for name in sorted(holdings.serving - dry_run.repositories - set(holdings.without_layers)):
        detail = "the dry run did not look at it: does the command read the configuration of this store?"
        yield Refusal("other-store", name, (), "", detail)


def _lossy(needs: Sequence[Need], delete_untagged: bool) -> Iterator[Refusal]:
    why = f"{_UNTAGGED_BY}: {_TAKES}" if delete_untagged else _UNMARKED
    for need in needs:
        if any(subject_of_tag(tag) == need.digest for tag in need.tags) and not delete_untagged:
            yield Refusal("would-lose", need.repository, need.tags, need.digest, _SUBJECT)
        elif need.tags:
            yield Refusal("would-lose", need.repository, need.tags, need.digest, f"a {need.role} that a tag needs: {why}")
        elif not delete_untagged:
            detail = f"a {need.role} that an untagged manifest of the repository needs: {why}"
            yield Refusal("would-lose", need.repository, (), need.digest, detail)


def _busy(pushes: Sequence[Push]) -> Iterator[Refusal]:
    for push in pushes:
        code = "push-in-flight" if push.digest else "upload-in-flight"
        yield Refusal(code, push.repository, (), push.digest, f"{push.what}, last written {push.age:.0f} seconds ago")
