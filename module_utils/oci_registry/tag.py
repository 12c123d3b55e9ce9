# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One tag: at a digest that is proven whole first, or gone without harm to anything else. The brain of the module ``registry_tag``."""

from __future__ import annotations

import contextlib
import os
from typing import Any, Dict, Mapping, Optional, Tuple

from .apply.api import ApiWriter
from .apply.disk import StoreWriter
from .apply.journal import Journal, close_interrupted, new_run_id
from .apply.lock import RunLock
from .apply.mark import refuse_interrupted
from .apply.retention import Tools, carry_out
from .apply.workplace import Workplace
from .client import Client
from .digest import parse_digest
from .errors import ApplyFailed, BadInput, ProofFailed, StillNeeded
from .evidence.disk import DiskView
from .evidence.http import ApiView
from .evidence.observer import Place, observe
from .evidence.retention.changes import Changes
from .evidence.retention.needs import needed_by
from .evidence.retention.now import ApiNow, DiskNow, Now
from .evidence.wanted import Wanted
from .model import Manifest
from .options import concurrency_from, connection_spec, settings_from
from .plans.facts import Node
from .plans.retention.facts import RepositoryFacts
from .plans.retention.items import DELETE_MANIFEST, DELETE_TAG, Item
from .plans.retention.plan import API, DISK, PLANNED
from .reference import parse_tag
from .scan import DIALECTS
from .store import CACHE, detect_mode, layout, one_root

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
                stack.enter_context(RunLock(self._workplace, self._params["lock_timeout"]))
                refuse_interrupted(self._workplace)
                self._run_id = new_run_id()
                self._workplace.remove_stale()
                close_interrupted(self._workplace, self._run_id)
            now: Now = ApiNow(client) if client is not None and not self._root else DiskNow(self._root)
            self._before = now.tag(self._repository, self._tag) or ""
            if self._wanted and self._before != self._wanted:
                self._set(client, now)
            elif not self._wanted and self._is_there():
                self._remove(client, now)

    def _is_there(self) -> bool:
        """A tag on disk is there even where its link holds no digest."""
        folder = os.path.join(self._root, layout.tag_path(self._repository, self._tag))
        return bool(self._before) or (bool(self._root) and os.path.lexists(folder))

    # -- present

    def _set(self, client: Optional[Client], now: Now) -> None:
        node = self._prove_whole(client)
        way = API if client is not None else DISK
        before = f"it pointed at {self._before}" if self._before else "there was no such tag"
        self._item = Item(SET_TAG, self._repository, (self._tag,), self._wanted, before, (), way, PLANNED)
        if self._check_mode:
            return
        journal = Journal(self._workplace, self._run_id)
        journal.begin(self._item.as_dict())
        try:
            self._write(client, node)
        finally:
            journal.end()
        if now.tag(self._repository, self._tag) != self._wanted:
            raise ProofFailed("it does not point at the digest, although the registry took it", where=self._params["image"])
        self._item.state = "done"

    def _prove_whole(self, client: Optional[Client]) -> Node:
        """The manifest, after all that it needs was looked at, every byte on disk, the end of every blob over HTTP."""
        disk = DiskView(self._root, self._params["dialect"]) if self._root else None
        api = ApiView(client) if client is not None else None
        key = (self._repository, self._wanted)
        place = Place(disk, api, workers=concurrency_from(self._params))
        evidence = observe(place, Wanted(digests={key: "manifest"}))
        root = evidence.nodes[key]
        nodes = evidence.nodes.values() if self._params["verify"] else [root]
        wrong = next((node for node in nodes if not node.sound or node.lies or node.invalid), None)
        if wrong is not None:
            what = (
                f"{wrong.role} {wrong.digest} is not to be had: {wrong.detail or wrong.invalid or 'not as its descriptor says'}"
            )
            raise ProofFailed(what, where=f"{self._repository}@{self._wanted}", advice=_REPAIR)
        return root

    def _write(self, client: Optional[Client], node: Node) -> None:
        link = layout.tag_link_path(self._repository, self._tag)
        disk = StoreWriter(self._root, self._workplace, self._run_id) if self._root else None
        if disk is not None and self._before and client is not None:
            disk.copy_links({link: self._before}, f"tag {self._tag} was set to {self._wanted}")
        if client is not None:
            content, manifest = _content(node)
            ApiWriter(client).put_manifest(self._repository, self._tag, content, manifest)
        elif disk is not None:
            reason = f"tag {self._tag} was set to {self._wanted}"
            disk.put_link(layout.tag_history_path(self._repository, self._tag, self._wanted), self._wanted, reason)
            disk.put_link(link, self._wanted, reason)
        self._kept = disk is not None and bool(disk.kept)

    # -- absent

    def _remove(self, client: Optional[Client], now: Now) -> None:
        self._item = self._removal()
        if self._item.action == DELETE_MANIFEST and self._settings is not None:
            needing = needed_by(Client(self._settings), concurrency_from(self._params), self._repository, self._tag)
            if needing:
                self._item.state = "failed"
                what = f"its manifest {self._before} is still needed by {', '.join(needing[:5])}"
                raise StillNeeded(what, where=self._params["image"], advice=_ALONE)
        if self._check_mode:
            return
        disk = StoreWriter(self._root, self._workplace, self._run_id) if self._root else None
        journal = Journal(self._workplace, self._run_id)
        facts = RepositoryFacts(self._repository, now.tags(self._repository), {}, {}, {}, set(), {})
        tools = Tools(journal, Changes(now, {self._repository: facts}), now, disk, ApiWriter(client) if client else None)
        try:
            carry_out([self._item], tools)
        finally:
            self._kept = disk is not None and bool(disk.kept)
            journal.end()
        if self._item.state != "done":
            raise ApplyFailed(f"not removed: {self._item.detail}", where=self._params["image"], advice="Run again")
        if now.tag(self._repository, self._tag) is not None:
            raise ProofFailed("it is still there, although the registry deleted it", where=self._params["image"])

    def _removal(self) -> Item:
        """The tag alone where that can be, else with its manifest."""
        alone = bool(self._root) or self._params["dialect"] == "3"
        action, way = (DELETE_TAG if alone else DELETE_MANIFEST), (DISK if self._root else API)
        return Item(action, self._repository, (self._tag,), self._before, "state is absent", (), way, PLANNED)

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
_ALONE = "Give path, or dialect 3 where the registry is one: then the tag goes alone"


def _wanted(params: Mapping[str, Any]) -> str:
    """The digest that the tag is to have; empty where it is to go."""
    if params["state"] == ABSENT:
        if params["digest"]:
            raise BadInput("digest is of no use with state absent", advice="Leave it out: the tag goes whatever it points at")
        return ""
    return parse_digest(params["digest"])


def _content(node: Node) -> Tuple[bytes, Manifest]:
    if node.content is None or node.manifest is None:
        raise ApplyFailed("its bytes are not at hand", where=f"{node.repository}@{node.digest}")
    return node.content, node.manifest
