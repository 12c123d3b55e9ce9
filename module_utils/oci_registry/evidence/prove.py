# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Proof that what was repaired is right now: by the bytes on disk, by the bytes that the registry serves, or by both."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from ..errors import ApplyFailed, NotARegistry, RegistryError, TLSFailure, Unreachable
from ..plans import steps
from ..plans.facts import RIGHT, Evidence, Node
from ..plans.steps import Step
from .disk import DiskView
from .http import ApiFact, ApiView
from .observer import Place
from .whole import look_whole

_TAGGED = (steps.LINK_TAG, steps.REPOINT)
_PROVABLE = (steps.RESTORE, steps.RELINK, *_TAGGED)
_SILENT = (Unreachable, TLSFailure, NotARegistry)
_NOT_YET = "not yet over the API ({detail}): restart the registry, which may answer from its cache"


class Proof(NamedTuple):
    """``records`` of what is right: ``repository``, ``digest``, ``tags``, ``by`` (disk, api) and ``detail``; ``failures`` of what is not."""

    records: List[Dict[str, Any]]
    failures: List[RegistryError]


def prove(done: Sequence[Step], evidence: Evidence, place: Place, *, restart_required: bool) -> Proof:
    """Read everything again that was repaired. What is not right after all is marked as failed.

    An API that contradicts the disk is only noted where the registry still needs a restart. What cannot be read or asked for fails alone.
    Where the registry answers nothing at all, the proof ends, and what it did not come to counts as done without one.
    """
    latest = {(step.repository, step.digest, step.tags if step.action in _TAGGED else ()): step for step in done}
    proof = Proof([], [])
    for step in latest.values():
        if step.action in _PROVABLE:
            try:
                proof.records.append(_prove_step(step, evidence, place, restart_required))
            except RegistryError as failure:
                proof.failures.append(failure)
                if isinstance(failure, _SILENT):
                    break
                if step.state != steps.FAILED:
                    step.state, step.detail = steps.FAILED, f"it could not be proven: {failure}"
    return proof


def _prove_step(step: Step, evidence: Evidence, place: Place, restart_required: bool) -> Dict[str, Any]:
    node = evidence.nodes[step.key]
    if step.action == steps.REPOINT:
        whole = look_whole(place, step.repository, step.digest, before=evidence)
        _demand(whole.problem or None, step)
    by: List[str] = []
    detail = ""
    if place.disk is not None:
        _demand(_wrong_on_disk(step, node, place.disk), step)
        by.append("disk")
    if place.api is not None:
        fact = _ask(step, node, place.api)
        if fact.state == RIGHT:
            by.append("api")
        elif by and restart_required:
            detail = _NOT_YET.format(detail=fact.detail)
        else:
            _demand(_advise(fact.detail, on_disk=bool(by)), step)
    return {"repository": step.repository, "digest": step.digest, "tags": list(step.tags), "by": by, "detail": detail}


def _wrong_on_disk(step: Step, node: Node, disk: DiskView) -> Optional[str]:
    """What is wrong on disk, in words."""
    disk.forget(step.digest)
    found = disk.look(step.repository, step.digest, manifest=node.is_manifest)
    if found.file.state != RIGHT:
        return f"{found.file.detail}. Check that path is the store of this registry"
    if step.action in _TAGGED:
        return (
            None if disk.tag(step.repository, step.tags[0]).digest == step.digest else "the tag's link does not hold its digest"
        )
    return (
        None if found.link == RIGHT else f"the link that serves it is {found.link}. Check that path is the store of this registry"
    )


def _ask(step: Step, node: Node, api: ApiView) -> ApiFact:
    if step.action in _TAGGED:
        fact = api.manifest(step.repository, step.tags[0])
        return (
            fact
            if fact.digest == step.digest or fact.state != RIGHT
            else fact._replace(state="wrong", detail="serves another digest")
        )
    return api.manifest(step.repository, step.digest) if node.is_manifest else api.whole_blob(step.repository, step.digest)


def _advise(what: str, *, on_disk: bool) -> str:
    if on_disk:
        return f"{what}, although it is right on disk. Check that path is the store of this registry"
    return f"{what}, although it took it: a damaged file must be in the way. Run on the registry's host with path"


def _demand(wrong: Optional[str], step: Step) -> None:
    if wrong is not None:
        step.state, step.detail = steps.FAILED, wrong
        raise ApplyFailed(f"not repaired: {wrong}", where=f"{step.repository}@{step.digest}")
