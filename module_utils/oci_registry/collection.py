# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A garbage collection that cannot lose an image, from options to proof: the brain of the module ``registry_collection``."""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Dict, Mapping

from .apply import record
from .apply.aftermath import Aftermath, plan_of, snapshot_to_prove_by
from .apply.collection import Sequence, recover
from .apply.expiry import Due, due, expire
from .apply.hold import refuse_held
from .apply.journal import Journal, close_interrupted, new_run_id
from .apply.lock import RunLock
from .apply.mark import read_mark, refuse_interrupted
from .apply.moment import now
from .apply.putback import lost_since, swept
from .apply.record import Record
from .apply.run import Run
from .apply.signals import Interruptions
from .apply.snapshot import check_file_system, find_snapshot, list_snapshots, remove_partial, take_snapshot
from .collection_options import (
    COLLECTED,
    COLLECTION_OPTIONS,
    EXPIRED,
    GATED,
    OVERRIDE_GATE,
    PROVEN,
    RECOVERED,
    RESTORED,
    SNAPSHOTTED,
    gone_from,
    site_from,
)
from .collection_result import NEW, difference, message, result
from .plans.collection import NOTHING, REFUSED

__all__ = ["COLLECTION_OPTIONS", "Collection"]

#: states that first finish what a killed run began; the others refuse
_FINISHING = (COLLECTED, RECOVERED, RESTORED)
#: states that delete something, be it a snapshot that a recovery may take bytes from
_DELETING = (COLLECTED, EXPIRED)
_AFTER_RECOVERY = "what is to be collected can be told once the interrupted run is finished (state recovered)"


class Collection:
    """One run. ``run()`` once; ``result()`` at any time afterwards, however it ended, for what came of it so far."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """``params`` are :data:`COLLECTION_OPTIONS`. Raises a :class:`RegistryError` for options that cannot be used."""
        self._params = params
        self._site = site_from(params)
        self._gone = gone_from(params)
        self._told = Record()
        self._check_mode = True
        self._override = OVERRIDE_GATE in (params["approve"] or [])

    def run(self, *, check_mode: bool) -> None:
        """Bring about the state, or in check mode plan it. Raises a :class:`RegistryError` where that fails."""
        state = self._params["state"]
        self._check_mode = check_mode
        self._told.snapshots_before = [snapshot.id for snapshot in list_snapshots(self._site.workplace)]
        if state == GATED:
            self._gate()
        elif check_mode:
            self._plan(state)
        else:
            self._change(state)

    # -- read-only

    def _gate(self) -> None:
        with self._told.step(record.GATE) as step:
            self._told.verdict = self._site.gate.look(self._gone)
            step["detail"] = self._told.verdict.word

    def _plan(self, state: str) -> None:
        """What a real run would do, as far as that can be told without stopping the registry."""
        told, workplace = self._told, self._site.workplace
        mark = read_mark(workplace)
        if mark is not None:
            if state not in (*_FINISHING, PROVEN):
                refuse_interrupted(workplace)
            told.changed = state != PROVEN
            told.plan(record.RECOVER, f"run {mark.run or 'unknown'} was interrupted while {mark.phase}")
            if state == COLLECTED:
                told.notes.append(_AFTER_RECOVERY)
                return
        if state in _DELETING:
            refuse_held(workplace)
        plans: Dict[str, Callable[[], None]] = {
            COLLECTED: self._plan_collection,
            RESTORED: self._plan_restore,
            SNAPSHOTTED: self._plan_snapshot,
            PROVEN: self._prove,
            RECOVERED: _nothing,
            EXPIRED: self._plan_expiry,
        }
        plans[state]()

    def _plan_collection(self) -> None:
        told, site = self._told, self._site
        site.check()
        self._gate()
        verdict = told.verdict
        if verdict is not None and verdict.word == NOTHING:
            told.skip_collection()
        elif verdict is not None:
            if verdict.word == REFUSED and not self._override:
                verdict.demand(site.root)
            told.changed = True
            for phase in record.COLLECTION[1:-1]:
                told.plan(phase)
        self._plan_expiry()
        if told.changed and self._params["keep_snapshots"] == 0:
            told.plan(record.EXPIRE, NEW)

    def _plan_restore(self) -> None:
        snapshot = find_snapshot(self._site.workplace, self._params["snapshot"])
        loss = lost_since(snapshot, self._site.root)
        self._told.snapshot, self._told.restored = snapshot.as_dict(), dict(swept(loss), snapshot=snapshot.id)
        if loss:
            self._told.changed = True
            for phase in (record.QUIESCE, record.RESTORE, record.RESUME, record.PROVE_HTTP):
                self._told.plan(phase)

    def _plan_snapshot(self) -> None:
        check_file_system(self._site.root, self._site.workplace)
        self._told.changed = True
        self._told.plan(record.SNAPSHOT)

    def _plan_expiry(self) -> None:
        for snapshot in self._due().snapshots:
            self._told.changed = True
            self._told.plan(record.EXPIRE, snapshot.id)

    def _prove(self) -> None:
        """The newest snapshot, or the one that is named, says what was there; without any, the scan alone decides."""
        run = Run(self._site, "", self._told, Interruptions())
        snapshot = snapshot_to_prove_by(self._site.workplace, self._params["snapshot"])
        aftermath = Aftermath(run)
        aftermath.prove_disk(snapshot)
        aftermath.prove_served(None, plan_of(snapshot).get("findings", ()))

    # -- changes, under the lock

    def _change(self, state: str) -> None:
        if state == PROVEN:
            self._prove()
            return
        if state == RECOVERED and read_mark(self._site.workplace) is None:
            return
        with contextlib.ExitStack() as stack:
            stack.enter_context(RunLock(self._site.workplace, self._params["lock_timeout"]))
            interruptions = stack.enter_context(Interruptions())
            run = Run(self._site, new_run_id(), self._told, interruptions)
            close_interrupted(self._site.workplace, run.id)
            self._site.workplace.remove_stale()
            self._told.journal = Journal(self._site.workplace, run.id)
            stack.callback(self._end_journal)
            self._finish_interrupted(run, state)
            if state in _DELETING:
                refuse_held(self._site.workplace)
            changes: Dict[str, Callable[[Run], None]] = {
                COLLECTED: self._collect,
                RESTORED: self._restore,
                RECOVERED: _nothing,
                SNAPSHOTTED: self._snapshot,
                EXPIRED: self._expire,
            }
            changes[state](run)

    def _end_journal(self) -> None:
        if self._told.journal is not None:
            with contextlib.suppress(Exception):  # a full disk: the next run closes it
                self._told.journal.end()

    def _finish_interrupted(self, run: Run, state: str) -> None:
        mark = read_mark(self._site.workplace)
        if mark is not None:
            if state not in _FINISHING:
                refuse_interrupted(self._site.workplace)
            recover(run, mark)
        remove_partial(self._site.workplace)

    def _collect(self, run: Run) -> None:
        self._site.check()
        Sequence(run, override=self._override).collect()
        self._expire(run)

    def _restore(self, run: Run) -> None:
        site = self._site
        snapshot = find_snapshot(site.workplace, self._params["snapshot"])
        self._told.snapshot = snapshot.as_dict()
        if not lost_since(snapshot, site.root):
            self._told.skip(record.RESTORE, f"nothing of snapshot {snapshot.id} is missing")
            return
        aftermath = Aftermath(run)
        known = aftermath.known()
        try:
            with run.quiet():
                aftermath.put_back(snapshot, known)
            aftermath.prove_served(None, known)
        finally:
            run.settle()

    def _snapshot(self, run: Run) -> None:
        with self._told.step(record.SNAPSHOT) as step:
            snapshot = take_snapshot(self._site.root, self._site.workplace, run.id, {})
            self._told.changed = True
            self._told.snapshot, step["detail"] = snapshot.as_dict(), snapshot.id

    def _expire(self, _run: Run) -> None:
        snapshots = self._due().snapshots
        if snapshots:
            with self._told.step(record.EXPIRE) as step:
                self._told.changed = True
                self._told.expired.extend(expire(snapshots))
                step["detail"] = ", ".join(snapshot.id for snapshot in snapshots)

    def _due(self) -> Due:
        """What is to expire: the snapshot that is named, else all that are old enough."""
        workplace, name = self._site.workplace, self._params["snapshot"]
        if name and self._params["state"] == EXPIRED:
            return Due([find_snapshot(workplace, name)], [])
        found = due(list_snapshots(workplace), now(), keep_days=self._params["keep_snapshots"])
        self._told.notes.extend(found.notes)
        return found

    # -- what came of it

    def result(self) -> Dict[str, Any]:
        """What the module returns, besides ``diff``: plain JSON types."""
        return result(self._told)

    def diff(self) -> Dict[str, Any]:
        """Garbage and snapshots, before and after: the same in check mode and in a real run."""
        return difference(self._told)

    def message(self) -> str:
        """One sentence for people."""
        return message(self._told, check_mode=self._check_mode)


def _nothing(*_run: Run) -> None:
    """Finishing what was interrupted is all that there is to do."""
