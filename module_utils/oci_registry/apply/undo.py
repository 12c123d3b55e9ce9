# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Puts back what one run moved into the quarantine, exactly as it was. What is there now is kept in its turn: an undo can be undone."""

from __future__ import annotations

import contextlib

from ..digest import is_digest
from ..evidence.stock import Stock
from ..plans import steps
from ..plans.steps import Plan, Step
from ..reference import is_repository
from ..store.layout import BASE
from .journal import DONE, Journal
from .quarantine import Entry, entries_of, keep, put_back
from .workplace import Workplace


def undo(root: str, workplace: Workplace, own_run_id: str, run_id: str, *, check_mode: bool) -> Plan:
    """Undo run ``run_id``; what is already back is not touched. Returns the plan, its steps done (planned in check mode).

    ``own_run_id``: of the run that does this, under which the files that it replaces are kept.

    Raises :class:`BadInput` for a run that kept nothing.
    """
    plan, journal = Plan(), Journal(workplace, own_run_id)
    entries, stock = entries_of(root, run_id), Stock(root)
    try:
        for entry in entries:
            step = _step(entry)
            plan.steps.append(step)
            if not _still_of_use(stock, entry):
                step.state = steps.SKIPPED
                step.reason += "; it stays there, since its bytes were collected meanwhile: a snapshot from before has them"
            elif not check_mode:
                journal.begin(step.as_dict())
                with contextlib.suppress(FileNotFoundError):
                    keep(root, workplace, own_run_id, entry["path"], entry["digest"], f"was there when run {run_id} was undone")
                put_back(root, entry)
                step.state = steps.DONE
                journal.write(DONE, digest=step.digest, path=entry["path"])
    finally:
        journal.end()
    if any(step.state != steps.SKIPPED for step in plan.steps):
        plan.restart_required = True
        reason = "files were replaced on disk: the registry may answer from its cache of the others"
        plan.steps.append(Step(steps.RESTART, "", "", "", reason, state=steps.REMAINING))
    return plan


def _still_of_use(stock: Stock, entry: Entry) -> bool:
    """Whether what the entry needs is there: a link to what was collected would only break images."""
    needs = entry.get("needs")
    repository = entry["path"][len(f"{BASE}/repositories/") :].partition("/_")[0]
    return not is_digest(needs) or not is_repository(repository) or stock.has(repository, str(needs))


def _step(entry: Entry) -> Step:
    reason = f"run {entry['run_id']} moved it aside: {entry['reason']}"
    return Step(steps.UNDO, "", entry["digest"], "", reason, way=steps.DISK, detail=entry["path"])
