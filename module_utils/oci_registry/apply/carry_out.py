# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Carries out the steps of a repair plan, each one journalled before and after."""

from __future__ import annotations

import contextlib
import time
from typing import Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..errors import ApplyFailed, AuthenticationFailed, ProofFailed, ProtocolError, RegistryError, StillNeeded, StoreUnreadable
from ..plans import steps
from ..plans.blocked import Blocked
from ..plans.facts import RIGHT, Evidence, Node
from ..plans.steps import Step
from ..sources import Failure, Source
from ..store import layout
from .api import ApiWriter, Refused
from .disk import StoreWriter
from .journal import Journal
from .spool import Spool
from .tags import TagWriter, content_of, removal
from .workplace import NoSpace, Workplace

#: what one step meets and the next one may well not: a refused push, a link in the way, a user who may not write everywhere
_OF_ONE_STEP = (ApplyFailed, AuthenticationFailed, ProofFailed, ProtocolError, StillNeeded, StoreUnreadable)


class NoRightBytes(ApplyFailed):
    """No source delivered the right bytes, whatever it promised. Nothing was written."""


class Outdated(ApplyFailed):
    """What was to be changed was changed by somebody else meanwhile: there is nothing to do any more."""


class Tools(NamedTuple):
    """What a run writes with; ``disk`` or ``api`` is None where that was not given."""

    workplace: Workplace
    journal: Journal
    disk: Optional[StoreWriter]
    api: Optional[ApiWriter]
    sources: Mapping[str, Source]  # by label
    tags: TagWriter
    undelivered: Dict[Tuple[str, str], Failure]  # filled with what sources promised and did not deliver, by (label, digest)
    dialect: str = "2"


def ends_run(error: RegistryError) -> bool:
    """Whether the next step would meet the same."""
    return isinstance(error, NoSpace) or not isinstance(error, _OF_ONE_STEP)


def carry_out(todo: Sequence[Step], evidence: Evidence, tools: Tools) -> None:
    """Do the steps in their order and set the state of each.

    Where one goes wrong, it and those that need it fail, and the others are still done. A registry that does not answer, or a full
    disk, ends the run at once. Either way the first failure is raised at the end.
    """
    _Run(evidence, tools).run(todo)


class _Run:
    def __init__(self, evidence: Evidence, tools: Tools) -> None:
        self._evidence = evidence
        self._tools = tools
        self._blocked = Blocked(evidence)
        self._actions: Dict[str, Callable[[Step], None]] = {
            steps.RESTORE: self._restore,
            steps.RELINK: self._relink,
            steps.LINK_TAG: self._link_tag,
            steps.QUARANTINE: self._quarantine,
            steps.REMOVE_LINK: self._remove_link,
            steps.REPOINT: self._repoint,
            steps.DELETE: self._delete,
        }

    def run(self, todo: Sequence[Step]) -> None:
        failures: List[RegistryError] = []
        for step in todo:
            self._tools.journal.begin(step.as_dict())
            try:
                with self._told(step):
                    self._refuse_without_needs(step)
                    self._do(step)
            except RegistryError as error:
                if ends_run(error):
                    with contextlib.suppress(RegistryError):
                        self._journal_end_of(step)
                    raise
                self._blocked.add(step)
                failures.append(error)
            self._journal_end_of(step)
        if failures:
            raise failures[0]

    def _journal_end_of(self, step: Step) -> None:
        told = {"why": step.detail} if step.state == steps.FAILED else {"detail": step.detail}
        self._tools.journal.write(step.state, digest=step.digest, **told)

    @contextlib.contextmanager
    def _told(self, step: Step) -> Iterator[None]:
        """State, detail and times of a step, however it ends."""
        step.began = time.time()
        try:
            yield
            step.state = steps.DONE
        except Outdated as why:
            step.state, step.detail = steps.SKIPPED, why.what
        except RegistryError as error:
            step.state, step.detail = steps.FAILED, str(error)
            raise
        finally:
            step.ended = time.time()

    def _refuse_without_needs(self, step: Step) -> None:
        missing = self._blocked.by(step)
        if missing:
            raise NoRightBytes(f"not done, since it needs {missing}, which failed", where=f"{step.repository}@{step.digest}")

    def _do(self, step: Step) -> None:
        """Take the way that was planned; the disk where the registry refuses and the disk is at hand."""
        action = self._actions[step.action]
        try:
            action(step)
        except Refused as refusal:
            if self._tools.disk is None:
                raise
            step.way, step.detail = steps.DISK, f"on disk, since over the API: {refusal.what}"
            action(step)
            if step.action == steps.RESTORE and self._evidence.nodes[step.key].link != RIGHT:
                self._relink(step)

    # -- one method for each action

    def _restore(self, step: Step) -> None:
        node = self._evidence.nodes[step.key]
        if node.is_manifest and step.way == steps.API:
            self._put_manifest(step, step.digest)
        elif node.is_manifest:
            with Spool(self._tools.workplace, step.digest) as spool:
                spool.write(node.content or b"")
                self._place(step, spool, None)
        else:
            self._restore_blob(step, node)

    def _restore_blob(self, step: Step, node: Node) -> None:
        failed: List[Tuple[str, Failure]] = []
        for label in node.sources:
            source = self._tools.sources[label]
            with Spool(self._tools.workplace, step.digest, node.size) as spool:
                try:
                    source.copy_blob(step.repository, step.digest, spool.write)
                except ApplyFailed:
                    raise  # the spool, not the source
                except RegistryError as error:
                    failed.append((label, Failure(str(error), lied=False)))
                    continue
                if spool.verified():
                    self._place(step, spool, source.mount_from())
                    step.source, step.detail = label, "; ".join(filter(None, [step.detail, *_told_of(failed)]))
                    return
                failed.append((label, Failure(f"delivered {spool.size} bytes that do not hash to it", lied=True)))
        self._tools.undelivered.update({(label, step.digest): failure for label, failure in failed})
        where = f"{step.repository}@{step.digest}"
        raise NoRightBytes(
            f"no source has its right bytes ({'; '.join(_told_of(failed))})", where=where, advice="Give another source"
        )

    def _place(self, step: Step, spool: Spool, mount_from: Optional[str]) -> None:
        spool.settle()
        if step.way == steps.API:
            self._api.put_blob(step.repository, spool, mount_from)
        else:
            self._disk.put_file(layout.blob_path(step.digest), spool, step.reason)

    def _relink(self, step: Step) -> None:
        node = self._evidence.nodes[step.key]
        if step.way == steps.API:
            self._put_manifest(step, step.digest)
            return
        path = layout.revision_link_path if node.is_manifest else layout.layer_link_path
        self._disk.put_link(path(step.repository, step.digest), step.digest, step.reason)

    def _link_tag(self, step: Step) -> None:
        if step.way == steps.API:
            self._put_manifest(step, step.tags[0])
        else:
            self._disk.put_link(layout.tag_link_path(step.repository, step.tags[0]), step.digest, step.reason)

    def _quarantine(self, step: Step) -> None:
        self._disk.remove(layout.blob_path(step.digest), step.digest, step.reason)

    def _remove_link(self, step: Step) -> None:
        self._disk.remove(layout.layer_link_path(step.repository, step.digest), step.digest, step.reason)

    # -- tags

    def _repoint(self, step: Step) -> None:
        (tag,) = step.tags
        before = self._before(step.repository, tag)
        self._tools.tags.set(tag, self._evidence.nodes[step.key], before, step.way, was_broken=True)

    def _delete(self, step: Step) -> None:
        (tag,) = step.tags
        digest, on_disk = self._before(step.repository, tag), step.way == steps.DISK
        item = removal(step.repository, tag, digest, step.reason, on_disk=on_disk, dialect=self._tools.dialect)
        self._tools.tags.remove(item, was_broken=True)
        if item.state == steps.SKIPPED:
            raise Outdated(item.detail)
        step.detail = item.detail

    def _before(self, repository: str, tag: str) -> str:
        """What the tag points at, as the plan saw it. Raises :class:`Outdated` where that is so no more."""
        before = self._evidence.tags[repository, tag].digest
        if self._tools.tags.moved(repository, tag, before):
            raise Outdated("it was pushed since the plan was made", where=f"{repository}:{tag}")
        return before

    def _put_manifest(self, step: Step, reference: str) -> None:
        content, manifest = content_of(self._evidence.nodes[step.key])
        self._api.put_manifest(step.repository, reference, content, manifest)

    @property
    def _disk(self) -> StoreWriter:
        if self._tools.disk is None:
            raise ApplyFailed("a step on disk without path")
        return self._tools.disk

    @property
    def _api(self) -> ApiWriter:
        if self._tools.api is None:
            raise ApplyFailed("a step over the API without registry")
        return self._tools.api


def _told_of(failed: Sequence[Tuple[str, Failure]]) -> List[str]:
    return [f"{label}: {failure.why}" for label, failure in failed]
