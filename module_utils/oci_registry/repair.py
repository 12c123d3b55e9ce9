# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Repairs broken images by their digests: observe, plan, apply, prove. The brain of the module ``registry_repair``."""

from __future__ import annotations

import contextlib
from typing import Any, Dict, List, Mapping

from .apply.api import ApiWriter
from .apply.carry_out import Tools, carry_out
from .apply.disk import StoreWriter
from .apply.journal import Journal, close_interrupted, new_run_id
from .apply.lock import RunLock
from .apply.mark import refuse_interrupted
from .apply.quarantine import Entry
from .apply.undo import undo
from .apply.workplace import Workplace
from .client import Client
from .errors import BadInput, RegistryError
from .evidence.disk import DiskView
from .evidence.http import ApiView
from .evidence.observer import Place, observe
from .evidence.prove import prove
from .evidence.wanted import Wanted, from_findings, from_images
from .options import concurrency_from, settings_from
from .plans import steps
from .plans.facts import Evidence
from .plans.outlook import before_and_after
from .plans.repair import plan_repair
from .plans.steps import Plan
from .sources import Source, open_sources
from .store import CACHE, detect_mode, one_root

_ADVICE = "Give registry (host[:port]), path (the rootdirectory of its store), or both"


class Repair:
    """One run. ``run()`` once; ``result()`` at any time afterwards, however it ended, for the plan so far."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """``params`` are the options of the module. Raises a :class:`RegistryError` for those that cannot be used."""
        self._params = params
        self._plan = Plan()
        self._before: List[Dict[str, object]] = []
        self._after: List[Dict[str, object]] = []
        self._proven: List[Dict[str, Any]] = []
        self._kept: List[Entry] = []
        self._recovered: List[str] = []
        self._elsewhere = 0
        self._run_id = ""
        self._check_mode = True
        if not params["registry"] and not params["path"]:
            raise BadInput("neither registry nor path is given", advice=_ADVICE)
        if params["lock_timeout"] < 0:
            raise BadInput(f"lock_timeout {params['lock_timeout']} is negative", advice="0 does not wait at all")
        self._root = one_root(params["path"]) if params["path"] else ""
        self._client = Client(settings_from(params)) if params["registry"] else None
        self._workplace = Workplace.of_store(self._root) if self._root else Workplace.of_registry(params["registry"])

    def run(self, *, check_mode: bool) -> None:
        """Plan, and unless in check mode carry it out and prove it. Raises a :class:`RegistryError` where that fails."""
        self._check_mode = check_mode
        with contextlib.ExitStack() as stack:
            if self._client is not None:
                stack.enter_context(self._client)
            if not check_mode:
                stack.enter_context(RunLock(self._workplace, self._params["lock_timeout"]))
                refuse_interrupted(self._workplace)
                self._run_id = new_run_id()
                self._workplace.remove_stale()
                self._recovered = close_interrupted(self._workplace, self._run_id)
            if self._params["undo"]:
                self._undo(self._params["undo"])
            else:
                self._repair()

    def _repair(self) -> None:
        with contextlib.ExitStack() as stack:
            sources = open_sources(self._params["sources"] or [], self._client, self._params["timeout"])
            for source in sources:
                stack.callback(source.close)
            self._repair_from(self._place(sources))

    def _repair_from(self, place: Place) -> None:
        wanted = self._wanted()
        self._elsewhere = wanted.elsewhere
        evidence = observe(place, wanted)
        self._plan = plan_repair(evidence, self._params["approve"] or [])
        self._before, self._after = before_and_after(evidence, self._plan)
        if not self._check_mode:
            self._apply(evidence, place)

    def _apply(self, evidence: Evidence, place: Place) -> None:
        todo = self._plan.changes
        journal = Journal(self._workplace, self._run_id)
        disk = StoreWriter(self._root, self._workplace, self._run_id) if self._root else None
        api = ApiWriter(self._client) if self._client is not None else None
        sources = {source.label: source for source in place.sources}
        try:
            carry_out(todo, evidence, Tools(self._workplace, journal, disk, api, sources))
        except RegistryError:
            with contextlib.suppress(RegistryError):  # the first failure is the one to tell
                self._prove(evidence, place)
            raise
        else:
            self._prove(evidence, place)
        finally:
            self._kept = disk.kept if disk is not None else []
            journal.end()

    def _prove(self, evidence: Evidence, place: Place) -> None:
        done = [step for step in self._plan.steps if step.state == steps.DONE]
        self._proven = prove(done, evidence, place, restart_required=self._plan.restart_required)

    def _undo(self, run_id: str) -> None:
        if not self._root:
            raise BadInput("undo needs path", advice="What was moved aside lies in the store")
        self._plan = undo(self._root, self._workplace, self._run_id, run_id, check_mode=self._check_mode)

    def _place(self, sources: List[Source]) -> Place:
        disk = DiskView(self._root, self._params["dialect"]) if self._root else None
        api = ApiView(self._client) if self._client is not None else None
        is_cache = bool(self._root) and detect_mode(self._root) == CACHE
        return Place(disk, api, sources, is_cache, concurrency_from(self._params))

    def _wanted(self) -> Wanted:
        if self._params["images"]:
            return from_images(self._params["images"], self._params["registry"] or "")
        return from_findings(self._params["findings"] or [], self._root)

    def result(self) -> Dict[str, Any]:
        """What the module returns, besides ``diff``: plain JSON types."""
        done = [step for step in self._plan.steps if step.state == steps.DONE]
        changed = bool(self._plan.changes) if self._check_mode else bool(done)
        return {
            "changed": changed,
            "plan": [step.as_dict() for step in self._plan.steps],
            "remaining": self._plan.remaining,
            "restart_required": self._plan.restart_required,
            "run_id": self._run_id if changed or self._kept else "",
            "recovered": self._recovered,
            "quarantine": self._kept,
            "proven": self._proven,
        }

    def diff(self) -> Dict[str, Any]:
        """Findings by image, before and after: the same in check mode and in a real run."""
        return {"before": _by_image(self._before), "after": _by_image(self._after)}

    def message(self) -> str:
        """One sentence for people."""
        counts: Dict[str, int] = {}
        for step in self._plan.steps:
            if step.state in (steps.PLANNED, steps.DONE) and step.way != steps.OPERATOR:
                counts[step.action] = counts.get(step.action, 0) + 1
        verb = "would do" if self._check_mode else "did"
        text = f"{verb} " + ", ".join(f"{count} x {action}" for action, count in counts.items()) if counts else "nothing to do"
        if self._plan.remaining:
            text += f"; {len(self._plan.remaining)} remaining: {self._plan.remaining[0]['why']}"
        if self._elsewhere:
            text += f"; {self._elsewhere} findings left out, since they are of another store"
        return text + ("; the registry must be restarted" if self._plan.restart_required else "")


def _by_image(findings: List[Dict[str, Any]]) -> Dict[str, List[str]]:
    images: Dict[str, List[str]] = {}
    for finding in findings:
        what = f"{finding['code']} {finding['role']} {finding['digest']} ({finding['state']})"
        for tag in finding["tags"] or ["(no tag)"]:
            images.setdefault(f"{finding['repository']}:{tag}", []).append(what)
    return images
