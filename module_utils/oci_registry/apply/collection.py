# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The sequence around a garbage collection: whatever happens on the way, the registry serves afterwards all that it served before."""

from __future__ import annotations

import time
from typing import Optional

from ..commands import end_orphan, last_line, last_lines, run_command
from ..errors import BadInput, CommandFailed, ProofFailed
from ..plans.collection import BUSY, NOTHING, REFUSED, Verdict
from ..plans.sweep import as_plan
from . import record
from .aftermath import Aftermath
from .mark import COLLECTING, Mark
from .run import Run
from .snapshot import Snapshot, find_snapshot, held_bytes, take_snapshot

_POLL_SECONDS = 1.0
#: how often the registry is stopped in vain, because a push began just before
_MAX_ATTEMPTS = 3


class Sequence:
    """One collection. ``override``: go on in spite of a refusal."""

    def __init__(self, run: Run, *, override: bool) -> None:
        self._run = run
        self._site = run.site
        self._told = run.told
        self._override = override
        self._aftermath = Aftermath(run)
        self._attempts = 0
        self._deadline = time.monotonic() + run.site.upload_timeout

    def collect(self) -> None:
        """Gate, quiesce, snapshot, collect, prove, put back if need be, resume, prove. Raises a :class:`RegistryError`."""
        done = False
        try:
            while not done:
                verdict = self._wait_until_clear()
                if verdict.word == NOTHING:
                    self._told.skip_collection()
                    return
                self._demand(verdict)
                done = self._attempt()
        finally:
            self._run.settle()

    # -- before

    def _wait_until_clear(self) -> Verdict:
        """The verdict once no push is under way, or as it is when the time for that is over."""
        verdict = self._look(record.GATE)
        pause = _POLL_SECONDS
        while self._may_wait(verdict):
            time.sleep(min(pause, max(0.0, self._deadline - time.monotonic())))
            began = time.monotonic()
            verdict = self._told.verdict = self._site.gate.look()
            pause = max(_POLL_SECONDS, time.monotonic() - began)
        if verdict.word == REFUSED and not self._override:
            verdict = self._told.verdict = self._site.gate.look()  # a push may have gone by between dry run and scan
        return verdict

    def _may_wait(self, verdict: Verdict) -> bool:
        return verdict.word == BUSY and not self._override and time.monotonic() < self._deadline

    def _look(self, phase: str) -> Verdict:
        with self._told.step(phase) as step:
            verdict = self._told.verdict = self._site.gate.look()
            step["detail"] = verdict.word
        return verdict

    def _demand(self, verdict: Verdict) -> None:
        if not self._override:
            verdict.demand(self._site.root)

    # -- with the registry quiet

    def _attempt(self) -> bool:
        """False where a push began just before the registry was stopped, and there is time left to wait for it."""
        self._attempts += 1
        with self._run.quiet():
            verdict = self._look(record.GATE_AGAIN)
            if self._may_wait(verdict) and self._attempts < _MAX_ATTEMPTS:
                return False
            self._demand(verdict)
            if verdict.word == NOTHING:
                return True
            snapshot = self._snapshot(verdict)
            self._collect_or_put_back(snapshot)
        self._aftermath.prove_served(snapshot)
        return True

    def _snapshot(self, verdict: Verdict) -> Snapshot:
        with self._told.step(record.SNAPSHOT) as step:
            about = {"plan": as_plan(verdict)}
            snapshot = take_snapshot(self._site.root, self._site.workplace, self._run.id, about)
            self._told.snapshot = snapshot.as_dict()
            step["detail"] = snapshot.id
        return snapshot

    def _collect_or_put_back(self, snapshot: Snapshot) -> None:
        self._run.begin_collecting(snapshot)
        try:
            self._collect()
            self._aftermath.prove_disk(snapshot)
            self._told.snapshot["bytes"] = held_bytes(snapshot)
        except BaseException:
            with self._run.interruptions.shield():
                self._aftermath.put_back(snapshot)
            raise
        self._run.unproven = False

    def _collect(self) -> None:
        commands = self._site.commands
        with self._told.step(record.COLLECT):
            try:
                outcome = run_command(commands.collect, commands.timeout, on_start=self._run.remember)
            except BaseException:
                self._run.abort()
                raise
            if outcome.code:
                self._told.notes.extend(last_lines(outcome.tail))
                said = last_line(outcome.tail)
                raise CommandFailed(f"the collection ended with {outcome.code}: {said}", where=self._site.root)


def recover(run: Run, mark: Mark) -> None:
    """Finish what a killed run began: end what is left of it, put back what it may have lost, start the registry, prove.

    Raises a :class:`RegistryError`; the mark then stays for the next try.
    """
    aftermath = Aftermath(run)
    snapshot = _snapshot_of(run, mark)
    try:
        with run.told.step(record.RECOVER) as step:
            end_orphan(mark.child)
            run.abort()
            step["detail"] = f"run {mark.run or 'unknown'} was interrupted while {mark.phase}"
            run.told.changed = True
            run.told.snapshot = snapshot.as_dict() if snapshot is not None else {}
        run.take_over(mark)
        if run.unproven:
            with run.quiet():
                _prove_or_put_back(run, aftermath, snapshot)
        else:
            run.resume()
        aftermath.prove_served(snapshot, aftermath.known() if snapshot is None else ())  # without one, nothing was collected
        run.told.recovered = {"run": mark.run, "phase": mark.phase}
    finally:
        run.settle()


def _prove_or_put_back(run: Run, aftermath: Aftermath, snapshot: Optional[Snapshot]) -> None:
    try:
        aftermath.prove_disk(snapshot)
    except ProofFailed:
        if snapshot is None:
            raise
        with run.interruptions.shield():
            aftermath.put_back(snapshot)
    run.unproven = False


def _snapshot_of(run: Run, mark: Mark) -> Optional[Snapshot]:
    """The snapshot of the run that was killed; the newest where that is not known; None where it had none yet."""
    if mark.phase != COLLECTING and not mark.snapshot:
        return None
    try:
        return find_snapshot(run.site.workplace, mark.snapshot or None)
    except BadInput:
        return None
