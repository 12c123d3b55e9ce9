# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Carries out the steps of a repair plan, each one journalled before and after."""

from __future__ import annotations

import contextlib
from typing import Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set

from ..errors import ApplyFailed, RegistryError
from ..plans import steps
from ..plans.facts import RIGHT, Evidence, Node
from ..plans.steps import Step
from ..sources import Source
from ..store import layout
from .api import ApiWriter, Refused
from .disk import StoreWriter
from .journal import DONE, FAILED, Journal
from .spool import Spool
from .workplace import Workplace


class NoRightBytes(ApplyFailed):
    """No source delivered the right bytes, whatever it promised. Nothing was written."""


class Tools(NamedTuple):
    """What a run writes with; ``disk`` or ``api`` is None where that was not given."""

    workplace: Workplace
    journal: Journal
    disk: Optional[StoreWriter]
    api: Optional[ApiWriter]
    sources: Mapping[str, Source]  # by label


def carry_out(todo: Sequence[Step], evidence: Evidence, tools: Tools) -> None:
    """Do the steps in their order and set the state of each.

    Where no source has the right bytes after all, that step and those that need it fail and the others are still done; anything
    else that goes wrong ends the run at once. Either way the first failure is raised at the end.
    """
    _Run(evidence, tools).run(todo)


class _Run:
    def __init__(self, evidence: Evidence, tools: Tools) -> None:
        self._evidence = evidence
        self._tools = tools
        self._failed: Set[str] = set()  # digests
        self._actions: Dict[str, Callable[[Step], None]] = {
            steps.RESTORE: self._restore,
            steps.RELINK: self._relink,
            steps.LINK_TAG: self._link_tag,
            steps.QUARANTINE: self._quarantine,
            steps.REMOVE_LINK: self._remove_link,
        }

    def run(self, todo: Sequence[Step]) -> None:
        failures: List[RegistryError] = []
        for step in todo:
            try:
                with self._journalled(step):
                    self._refuse_without_needs(step)
                    self._do(step)
            except NoRightBytes as error:
                self._failed.add(step.digest)
                failures.append(error)
        if failures:
            raise failures[0]

    @contextlib.contextmanager
    def _journalled(self, step: Step) -> Iterator[None]:
        self._tools.journal.begin(step.as_dict())
        try:
            yield
        except RegistryError as error:
            step.state, step.detail = steps.FAILED, str(error)
            self._tools.journal.write(FAILED, digest=step.digest, why=str(error))
            raise
        step.state = steps.DONE
        self._tools.journal.write(DONE, digest=step.digest, detail=step.detail)

    def _refuse_without_needs(self, step: Step) -> None:
        node = self._evidence.nodes.get(step.key)
        needed = {step.digest}
        if node is not None and node.manifest is not None:
            needed.update(item.digest for item in node.manifest.references())
        missing = sorted(needed & self._failed)
        if missing:
            raise NoRightBytes(f"not done, since it needs {missing[0]}, which failed", where=f"{step.repository}@{step.digest}")

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
        refused = []
        for label in node.sources:
            source = self._tools.sources[label]
            with Spool(self._tools.workplace, step.digest, node.size) as spool:
                try:
                    source.copy_blob(step.repository, step.digest, spool.write)
                except ApplyFailed:
                    raise  # the spool, not the source
                except RegistryError as error:
                    refused.append(f"{label}: {error}")
                    continue
                if spool.verified():
                    self._place(step, spool, source.mount_from())
                    step.source, step.detail = label, "; ".join(filter(None, [step.detail, *refused]))
                    return
                refused.append(f"{label}: delivered {spool.size} bytes that do not hash to it")
        where = f"{step.repository}@{step.digest}"
        raise NoRightBytes(f"no source has its right bytes ({'; '.join(refused)})", where=where, advice="Give another source")

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

    def _put_manifest(self, step: Step, reference: str) -> None:
        node = self._evidence.nodes[step.key]
        if node.content is None or node.manifest is None:  # the plan has no such step
            raise ApplyFailed("its bytes are not at hand", where=f"{step.repository}@{step.digest}")
        self._api.put_manifest(step.repository, reference, node.content, node.manifest)

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
