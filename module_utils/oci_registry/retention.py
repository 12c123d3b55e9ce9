# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Deletes what no rule keeps and nothing needs: observe, plan, apply, prove. The brain of the module ``registry_retention``."""

from __future__ import annotations

import contextlib
import time
from typing import Any, Callable, Dict, List, Mapping, Optional

from .apply.api import ApiWriter
from .apply.disk import StoreWriter
from .apply.hold import refuse_held
from .apply.journal import Journal, close_interrupted, new_run_id
from .apply.lock import RunLock
from .apply.mark import refuse_interrupted
from .apply.outdated import outdated_runs, remove_outdated
from .apply.quarantine import Entry
from .apply.retention import Tools, carry_out
from .apply.workplace import Workplace
from .client import Client
from .errors import BadInput, NeedsApproval, RegistryError
from .evidence.retention import disk, http
from .evidence.retention.changes import Changes
from .evidence.retention.disk import Gathered
from .evidence.retention.in_use import in_use
from .evidence.retention.leftovers import leftovers
from .evidence.retention.now import ApiNow, DiskNow, Now
from .evidence.retention.prove import prove
from .options import concurrency_from, connection_spec, settings_from
from .plans.retention import Evidence, RetentionPlan, plan_retention, rules_from
from .plans.retention.clock import clock_of
from .plans.retention.plan import API, APPROVABLE, DISK
from .plans.retention.summary import difference, message, summarize
from .scan import DIALECTS
from .store import AUTO, CACHE, MODES, detect_mode, one_root

_RULE = {
    "keep_newest": {"type": "int"},
    "keep_tags": {"type": "list", "elements": "str"},
    "keep_younger_than": {"type": "float"},
}
#: the options of the module and of the command line; what they mean is in the documentation of the module
RETENTION_OPTIONS: Dict[str, Dict[str, Any]] = dict(
    connection_spec(required=False),
    **_RULE,
    repositories={
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"name": {"type": "str", "required": True}, **_RULE},
    },
    keep_digests={"type": "list", "elements": "str", "default": []},
    untagged_grace={"type": "float", "default": 24.0},
    path={"type": "path"},
    mode={"type": "str", "choices": list(MODES), "default": AUTO},
    approve={"type": "list", "elements": "str", "choices": list(APPROVABLE), "default": []},
    keep_undo={"type": "float", "default": 30.0},
    lock_timeout={"type": "float", "default": 30.0},
    dialect={"type": "str", "choices": list(DIALECTS), "default": DIALECTS[0]},
)
_HOUR = 3600.0


class Retention:
    """One run. ``run()`` once; ``result()`` at any time afterwards, however it ended, for the plan so far."""

    def __init__(self, params: Mapping[str, Any], clock: Callable[[], float] = time.time) -> None:
        """``params`` are :data:`RETENTION_OPTIONS`; ``clock`` tells seconds since the epoch.

        Raises a :class:`RegistryError` for options that cannot be used.
        """
        self._params = params
        self._clock = clock
        self._rules = rules_from(params)
        self._in_use = in_use(params["keep_digests"] or [])
        _check(params)
        self._root = one_root(params["path"]) if params["path"] else ""
        mode = params["mode"] if params["mode"] != AUTO else detect_mode(self._root) if self._root else ""
        self._mode = mode
        if self._root and mode != CACHE and not params["registry"]:
            raise BadInput(
                "registry is not given", where=self._root, advice="Manifests of a hosted registry are deleted through it"
            )
        self._settings = settings_from(params) if params["registry"] else None
        self._workplace = Workplace.of_store(self._root) if self._root else Workplace.of_registry(params["registry"])
        self._plan = RetentionPlan([], [], [])
        self._gathered = Gathered([], [], False)
        self._proven: Dict[str, Any] = {}
        self._kept: List[Entry] = []
        self._recovered: List[str] = []
        self._expired: List[str] = []
        self._run_id = ""
        self._check_mode = True

    def run(self, *, check_mode: bool) -> None:
        """Plan, and unless in check mode carry it out and prove it. Raises a :class:`RegistryError` where that fails."""
        self._check_mode = check_mode
        with contextlib.ExitStack() as stack:
            client = stack.enter_context(Client(self._settings)) if self._settings is not None else None
            if not check_mode:
                self._run_id = new_run_id()
                stack.enter_context(RunLock(self._workplace, self._params["lock_timeout"], self._run_id))
                refuse_interrupted(self._workplace)
                self._workplace.remove_stale()
                self._recovered = close_interrupted(self._workplace, self._run_id)
            refuse_held(self._workplace)
            self._gathered = self._gather(client)
            self._plan = plan_retention(self._evidence(), self._rules, self._params["approve"] or [])
            self._refuse_unapproved()
            if self._plan.changes and not check_mode:
                self._apply(client)
            self._expire()

    def _gather(self, client: Optional[Client]) -> Gathered:
        if self._root:
            return disk.gather(self._root, mode=self._mode, dialect=self._params["dialect"])
        if self._settings is None or client is None:
            raise BadInput("neither registry nor path is given")
        return http.gather(Client(self._settings), client, concurrency_from(self._params), self._in_use.digests)

    def _evidence(self) -> Evidence:
        return Evidence(
            self._gathered.repositories,
            self._clock(),
            self._params["untagged_grace"] * _HOUR,
            self._gathered.findings,
            self._in_use.digests,
            self._in_use.images,
            self._gathered.is_cache,
            DISK if self._root else API if self._params["dialect"] == "3" else None,
            leftovers(self._root) if self._root else frozenset(),
        )

    def _refuse_unapproved(self) -> None:
        if not self._plan.refusals:
            return
        approval, what = self._plan.refusals[0]
        more = f" (and {len(self._plan.refusals) - 1} more)" if len(self._plan.refusals) > 1 else ""
        raise NeedsApproval(f"nothing was deleted: {what}{more}", advice=_ADVICE[approval])

    def _apply(self, client: Optional[Client]) -> None:
        journal = Journal(self._workplace, self._run_id)
        writer = StoreWriter(self._root, self._workplace, self._run_id) if self._root else None
        now: Now = DiskNow(self._root) if client is None or self._root else ApiNow(client)
        facts = {facts.name: facts for facts in self._gathered.repositories}
        tools = Tools(journal, Changes(now, facts), now, writer, ApiWriter(client) if client is not None else None)
        try:
            carry_out(self._plan.changes, tools)
        except RegistryError:
            with contextlib.suppress(RegistryError):  # the first failure is the one to tell
                self._prove(client)
            raise
        else:
            self._prove(client)
        finally:
            self._kept = writer.kept if writer is not None else []
            journal.end()

    def _expire(self) -> None:
        """What earlier runs kept for an undo; nothing while the clock is in doubt."""
        now = self._clock()
        if not self._root or clock_of(now, self._gathered.repositories).doubt:
            return
        self._expired = outdated_runs(self._root, now, self._params["keep_undo"])
        if self._expired and not self._check_mode:
            remove_outdated(self._root, self._workplace, self._expired)

    def _prove(self, client: Optional[Client]) -> None:
        def is_gone(repository: str, digest: str) -> bool:
            return bool(self._root) or client is None or client.head_manifest(repository, digest).status == 404

        self._proven = prove(self._gathered, self._gather(client), self._plan.items, is_gone)

    def result(self) -> Dict[str, Any]:
        """What the module returns, besides ``diff``: plain JSON types."""
        changed = any(item.state == ("planned" if self._check_mode else "done") for item in self._plan.items)
        return {
            "changed": bool(self._expired) or (changed and not self._plan.refusals),
            "plan": [item.as_dict() for item in self._plan.items],
            "summary": summarize(self._plan.items),
            "caveats": [*self._gathered.caveats, *self._plan.caveats],
            "refusals": [{"approval": approval, "what": what} for approval, what in self._plan.refusals],
            "run_id": self._run_id if self._kept or (changed and not self._check_mode) else "",
            "recovered": self._recovered,
            "expired": self._expired,
            "proven": self._proven,
        }

    def diff(self) -> Dict[str, Any]:
        """The tags of every repository from which something goes, before and after: the same in check mode and in a real run."""
        return difference(self._plan.items)

    def message(self) -> str:
        """One sentence for people."""
        text = message(self._plan.items, self._check_mode)
        verb = "to be removed" if self._check_mode else "removed"
        return f"{text}; {verb}: what {len(self._expired)} earlier runs kept for an undo" if self._expired else text


_ADVICE = {
    "broken": "Repair it first; or approve broken, which leaves repositories with broken images alone and works on the others",
    "delete_all": "Check the rules; approve delete_all if that is what you want",
}


def _check(params: Mapping[str, Any]) -> None:
    if not params["registry"] and not params["path"]:
        raise BadInput("neither registry nor path is given", advice="Give registry (host[:port]), path (of its store), or both")
    for name in ("lock_timeout", "untagged_grace", "keep_undo"):
        if not 0 <= params[name] < float("inf"):
            raise BadInput(f"{name} {params[name]} is no length of time from 0")
