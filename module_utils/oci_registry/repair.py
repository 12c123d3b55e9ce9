# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Repairs broken images: observe, plan, apply, prove. The brain of the module ``registry_repair``."""

from __future__ import annotations

import contextlib
from typing import Any, Dict, List, Mapping, Optional, Tuple

from .apply.api import ApiWriter
from .apply.carry_out import Tools, carry_out, ends_run
from .apply.disk import StoreWriter
from .apply.journal import Journal, close_interrupted, new_run_id
from .apply.lock import RunLock
from .apply.mark import refuse_interrupted
from .apply.quarantine import Entry
from .apply.tags import TagWriter
from .apply.undo import undo
from .apply.workplace import Workplace
from .client import Client
from .drawing import Drawing, Drawn
from .errors import BadInput, RegistryError
from .evidence.disk import DiskView
from .evidence.http import ApiView
from .evidence.observer import Place
from .evidence.prove import prove
from .evidence.retention.now import ApiNow, DiskNow, Now
from .evidence.wanted import Wanted, from_findings, from_images
from .options import concurrency_from, settings_from
from .plans import steps
from .plans.choices import choices_from
from .plans.decide import conclude
from .plans.graph import graph_of
from .plans.steps import Plan
from .sources import Failure, Source, open_sources
from .store import CACHE, detect_mode, one_root

_ADVICE = "Give registry (host[:port]), path (the rootdirectory of its store), or both"


class Repair:
    """One run. ``run()`` once; ``result()`` at any time afterwards, however it ended, for the plan so far."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """``params`` are the options of the module. Raises a :class:`RegistryError` for those that cannot be used."""
        self._params = params
        self._plan = Plan()
        self._drawn: Optional[Drawn] = None
        self._proven: List[Dict[str, Any]] = []
        self._kept: List[Entry] = []
        self._recovered: List[str] = []
        self._undelivered: Dict[Tuple[str, str], Failure] = {}
        self._elsewhere = 0
        self._run_id = ""
        self._check_mode = True
        if not params["registry"] and not params["path"]:
            raise BadInput("neither registry nor path is given", advice=_ADVICE)
        if params["lock_timeout"] < 0:
            raise BadInput(f"lock_timeout {params['lock_timeout']} is negative", advice="0 does not wait at all")
        self._choices = choices_from(params)
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
                self._run_id = new_run_id()
                stack.enter_context(RunLock(self._workplace, self._params["lock_timeout"], self._run_id))
                refuse_interrupted(self._workplace)
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
        drawing = Drawing(place, self._choices, lambda: Client(settings_from(self._params)), self._params["dialect"])
        self._drawn = drawing.draw(wanted)
        self._plan = self._drawn.plan
        if not self._check_mode:
            self._apply(drawing, place)

    def _apply(self, drawing: Drawing, place: Place) -> None:
        journal = Journal(self._workplace, self._run_id)
        disk = StoreWriter(self._root, self._workplace, self._run_id) if self._root else None
        try:
            self._carry_out(drawing, place, self._tools(journal, disk, place))
        except RegistryError:
            with contextlib.suppress(RegistryError):  # the first failure is the one to tell
                self._prove(place)
            raise
        else:
            self._prove(place)
        finally:
            self._kept = disk.kept if disk is not None else []
            journal.end()

    def _carry_out(self, drawing: Drawing, place: Place, tools: Tools) -> None:
        """Do what is planned. Where sources did not deliver what they promised, plan anew without them: what else is approved is done."""
        while self._drawn is not None:
            known = len(tools.undelivered)
            try:
                carry_out(self._plan.changes, self._drawn.evidence, tools)
                return
            except RegistryError as error:
                if ends_run(error) or len(tools.undelivered) == known or not self._draw_again(self._drawn, drawing, place):
                    raise

    def _draw_again(self, drawn: Drawn, drawing: Drawing, place: Place) -> bool:
        """False where nothing else is to be done: then what failed stays the result."""
        done = [step for step in drawn.plan.steps if step.state == steps.DONE]
        for step in drawn.plan.steps:
            if place.disk is not None and step.began:
                place.disk.forget(step.digest)
        wanted = self._wanted()
        for step in done:
            if step.action == steps.DELETE:
                wanted.tags.pop((step.repository, step.tags[0]), None)
        again = drawing.draw(wanted, done)
        if not drawn.is_surpassed_by(again):
            return False
        self._drawn = drawn.after_it(again)
        self._plan = self._drawn.plan
        return True

    def _tools(self, journal: Journal, disk: Optional[StoreWriter], place: Place) -> Tools:
        api = ApiWriter(self._client) if self._client is not None else None
        now: Now = ApiNow(self._client) if self._client is not None and not self._root else DiskNow(self._root)
        sources = {source.label: source for source in place.sources}
        tags = TagWriter(now, journal, disk, api)
        return Tools(self._workplace, journal, disk, api, sources, tags, self._undelivered, self._params["dialect"])

    def _prove(self, place: Place) -> None:
        if self._drawn is None:
            return
        done = [step for step in self._plan.steps if step.state == steps.DONE]
        proof = prove(done, self._drawn.evidence, place, restart_required=self._plan.restart_required)
        self._proven = proof.records
        if proof.failures:
            raise proof.failures[0]

    def _undo(self, run_id: str) -> None:
        if not self._root:
            raise BadInput("undo needs path", advice="What was moved aside lies in the store")
        self._plan = undo(self._root, self._workplace, self._run_id, run_id, check_mode=self._check_mode)

    def _place(self, sources: List[Source]) -> Place:
        disk = DiskView(self._root, self._params["dialect"]) if self._root else None
        api = ApiView(self._client) if self._client is not None else None
        is_cache = bool(self._root) and detect_mode(self._root) == CACHE
        return Place(disk, api, sources, is_cache, concurrency_from(self._params), self._undelivered)

    def _wanted(self) -> Wanted:
        if self._params["images"]:
            return from_images(self._params["images"], self._params["registry"] or "")
        return from_findings(self._params["findings"] or [], self._root)

    def result(self) -> Dict[str, Any]:
        """What the module returns, besides ``diff``: plain JSON types."""
        done = [step for step in self._plan.steps if step.state == steps.DONE]
        changed = bool(self._plan.changes) if self._check_mode else bool(done)
        images = self._drawn.images if self._drawn is not None else []
        conclude(images, check_mode=self._check_mode)
        return {
            "changed": changed,
            "plan": [step.as_dict() for step in self._plan.steps],
            "remaining": self._plan.left(),
            "recomputed": self._plan.recomputed,
            "restart_required": self._plan.restart_required,
            "run_id": self._run_id if changed or self._kept else "",
            "recovered": self._recovered,
            "quarantine": self._kept,
            "proven": self._proven,
            "images": [image.as_dict() for image in images],
            "graph": graph_of(self._drawn.evidence, self._plan) if self._drawn is not None else {"nodes": [], "note": ""},
        }

    def diff(self) -> Dict[str, Any]:
        """Findings by image, before and after: the same in check mode and in a real run."""
        if self._drawn is None:
            return {"before": {}, "after": {}}
        gone = {f"{repository}:{tag}" for repository, tag in self._plan.resolved()}
        after = {image: found for image, found in _by_image(self._drawn.after).items() if image not in gone}
        return {"before": _by_image(self._drawn.before), "after": after}

    def message(self) -> str:
        """One sentence for people."""
        counts: Dict[str, int] = {}
        for step in self._plan.steps:
            if step.state in (steps.PLANNED, steps.DONE) and step.way != steps.OPERATOR:
                counts[step.action] = counts.get(step.action, 0) + 1
        verb = "would do" if self._check_mode else "did"
        text = f"{verb} " + ", ".join(f"{count} x {action}" for action, count in counts.items()) if counts else "nothing to do"
        left = self._plan.left()
        if left:
            text += f"; {len(left)} remaining: {left[0]['why']}"
        if self._plan.recomputed:
            text += f"; {self._plan.recomputed[0]}"
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
