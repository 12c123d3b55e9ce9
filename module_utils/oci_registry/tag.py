# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One tag: at a digest that is proven whole first, or gone without harm to anything else. The brain of the module ``registry_tag``."""

from __future__ import annotations

import contextlib
from typing import Any, Dict, Iterator, Mapping, Optional

from .apply.api import ApiWriter
from .apply.disk import StoreWriter
from .apply.journal import Journal, close_interrupted, new_run_id
from .apply.lock import RunLock
from .apply.mark import refuse_interrupted
from .apply.tags import TagWriter, removal
from .apply.workplace import Workplace
from .client import Client
from .digest import parse_digest
from .errors import ApplyFailed, BadInput, ProofFailed, RegistryError, StillNeeded
from .evidence.disk import DiskView
from .evidence.http import ApiView
from .evidence.observer import Place
from .evidence.retention.needs import needed_by
from .evidence.retention.now import ApiNow, DiskNow, Now
from .evidence.whole import look_whole
from .options import concurrency_from, connection_spec, settings_from
from .plans.retention.items import DELETE_MANIFEST, Item
from .plans.retention.plan import API, DISK, PLANNED
from .reference import parse_tag
from .scan import DIALECTS
from .store import CACHE, detect_mode, one_root

PRESENT, ABSENT = "present", "absent"
SET_TAG = "set-tag"
#: the options of the module; what they mean is in its documentation
TAG_OPTIONS: Dict[str, Dict[str, Any]] = dict(
    connection_spec(required=False),
    image={"type": "str", "required": True},
    digest={"type": "str"},
    state={"type": "str", "choices": [PRESENT, ABSENT], "default": PRESENT},
    verify={"type": "bool", "default": True},
    path={"type": "path"},
    lock_timeout={"type": "float", "default": 30.0},
    dialect={"type": "str", "choices": list(DIALECTS), "default": DIALECTS[0]},
)


class TagChange:
    """One run. ``run()`` once; ``result()`` at any time afterwards, however it ended."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """``params`` are :data:`TAG_OPTIONS`. Raises a :class:`RegistryError` for options that cannot be used."""
        self._params = params
        self._repository, self._tag = parse_tag(params["image"], params["registry"] or "")
        self._wanted = _wanted(params)
        if not params["registry"] and not params["path"]:
            raise BadInput(
                "neither registry nor path is given", advice="Give registry (host[:port]), path (of its store), or both"
            )
        self._root = one_root(params["path"]) if params["path"] else ""
        if self._wanted and self._root and detect_mode(self._root) == CACHE:
            raise BadInput("a pull-through cache takes its tags from upstream", where=self._root)
        self._settings = settings_from(params) if params["registry"] else None
        self._workplace = Workplace.of_store(self._root) if self._root else Workplace.of_registry(params["registry"])
        self._item: Optional[Item] = None
        self._before = ""
        self._run_id = ""
        self._kept = False
        self._check_mode = True

    def run(self, *, check_mode: bool) -> None:
        """Look, and unless in check mode change what is to be changed. Raises a :class:`RegistryError` where that fails."""
        self._check_mode = check_mode
        with contextlib.ExitStack() as stack:
            client = stack.enter_context(Client(self._settings)) if self._settings is not None else None
            if not check_mode:
                self._run_id = new_run_id()
                stack.enter_context(RunLock(self._workplace, self._params["lock_timeout"], self._run_id))
                refuse_interrupted(self._workplace)
                self._workplace.remove_stale()
                close_interrupted(self._workplace, self._run_id)
            now: Now = ApiNow(client) if client is not None and not self._root else DiskNow(self._root)
            self._before = now.tag(self._repository, self._tag) or ""
            if self._wanted and self._before != self._wanted:
                self._set(client, now)
            elif not self._wanted and (self._before or now.listed(self._repository, self._tag)):
                self._remove(client, now)

    # -- present

    def _set(self, client: Optional[Client], now: Now) -> None:
        whole = look_whole(self._place(client), self._repository, self._wanted, verify=self._params["verify"])
        if whole.problem:
            raise ProofFailed(whole.problem, where=f"{self._repository}@{self._wanted}", advice=_REPAIR)
        way = API if client is not None else DISK
        before = f"it pointed at {self._before}" if self._before else "there was no such tag"
        self._item = Item(SET_TAG, self._repository, (self._tag,), self._wanted, before, (), way, PLANNED)
        if not self._check_mode:
            with self._writer(client, now) as writer:
                writer.set(self._tag, whole.root, self._before, way)

    def _place(self, client: Optional[Client]) -> Place:
        disk = DiskView(self._root, self._params["dialect"]) if self._root else None
        api = ApiView(client) if client is not None else None
        return Place(disk, api, workers=concurrency_from(self._params))

    @contextlib.contextmanager
    def _writer(self, client: Optional[Client], now: Now) -> Iterator[TagWriter]:
        """What carries out the item, journalled; the item is done if it did not fail and was not skipped."""
        disk = StoreWriter(self._root, self._workplace, self._run_id) if self._root else None
        journal = Journal(self._workplace, self._run_id)
        item = self._item
        if item is None:
            raise ApplyFailed("nothing is planned")
        journal.begin(item.as_dict())
        try:
            yield TagWriter(now, journal, disk, ApiWriter(client) if client is not None else None)
            item.state = "done" if item.state == PLANNED else item.state
            journal.write(item.state, digest=item.digest, detail=item.detail)
        except RegistryError as error:
            item.state, item.detail = "failed", str(error)
            journal.write("failed", digest=item.digest, why=str(error))
            raise
        finally:
            self._kept = disk is not None and bool(disk.kept)
            journal.end()

    # -- absent

    def _remove(self, client: Optional[Client], now: Now) -> None:
        on_disk, dialect = bool(self._root), self._params["dialect"]
        item = removal(self._repository, self._tag, self._before, "state is absent", on_disk=on_disk, dialect=dialect)
        self._item = item
        if item.action == DELETE_MANIFEST and self._settings is not None:
            needing = needed_by(Client(self._settings), concurrency_from(self._params), self._repository, self._tag)
            if needing:
                item.state = "failed"
                what = f"its manifest {self._before} is still needed by {', '.join(needing[:5])}"
                raise StillNeeded(what, where=self._params["image"], advice=ALONE)
        if self._check_mode:
            return
        with self._writer(client, now) as writer:
            writer.remove(item)
        if item.state != "done":
            raise ApplyFailed(f"not removed: {item.detail}", where=self._params["image"], advice="Run again")

    # -- the result

    def result(self) -> Dict[str, Any]:
        """What the module returns, besides ``diff``: plain JSON types."""
        changed = self._item is not None and self._item.state == (PLANNED if self._check_mode else "done")
        return {
            "changed": changed,
            "plan": [self._item.as_dict()] if self._item is not None else [],
            "before": self._before,
            "after": self._wanted if changed else self._before,
            "run_id": self._run_id if changed and self._kept else "",
        }

    def diff(self) -> Dict[str, Any]:
        """The tag before and after: the same in check mode and in a real run."""
        result, image = self.result(), f"{self._repository}:{self._tag}"
        return {side: {image: result[side]} if result[side] else {} for side in ("before", "after")}

    def message(self) -> str:
        """One sentence for people."""
        image = f"{self._repository}:{self._tag}"
        if self._item is None:
            return f"{image} is at {self._wanted} already" if self._wanted else f"there is no {image}"
        verb = "would be" if self._check_mode else "was"
        return f"{image} {verb} set to {self._wanted}" if self._wanted else f"{image} {verb} removed"


_REPAIR = "Repair it first (registry_repair), or set the tag without verify"
ALONE = "Give path, or dialect 3 where the registry is one: then the tag goes alone"


def _wanted(params: Mapping[str, Any]) -> str:
    """The digest that the tag is to have; empty where it is to go."""
    if params["state"] == ABSENT:
        if params["digest"]:
            raise BadInput("digest is of no use with state absent", advice="Leave it out: the tag goes whatever it points at")
        return ""
    return parse_digest(params["digest"])
