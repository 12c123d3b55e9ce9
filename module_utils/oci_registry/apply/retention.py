# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Carries out a retention plan, item by item. Deletes nothing that changed since the plan was made, and nothing that cannot be taken back."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence

from ..digest import is_digest
from ..errors import ApplyFailed, RegistryError
from ..evidence.retention.changes import Changes
from ..evidence.retention.now import Now, Untold
from ..plans.retention.items import DELETE_TAG, Item
from ..plans.retention.plan import API
from ..store import layout
from .api import ApiWriter
from .disk import StoreWriter
from .journal import DONE, FAILED, Journal

_SKIPPED = "skipped"
_OTHER_STORE = "the registry deleted it, but its link is still on disk: path is not the store of this registry"


class Tools(NamedTuple):
    """What a run works with; ``disk`` or ``api`` is None where that was not given.

    ``was_broken``: what goes is not intact anyway, so an undo puts it back whatever it lacks, and it is kept until somebody removes it.
    """

    journal: Journal
    changes: Changes
    now: Now
    disk: Optional[StoreWriter]
    api: Optional[ApiWriter]
    was_broken: bool = False


def carry_out(todo: Sequence[Item], tools: Tools) -> None:
    """Do the items in their order and set the state of each. Whatever goes wrong ends the run at once."""
    run = _Run(tools)
    first = next((item for item in todo if item.way == API), None)
    if first is not None:
        run.make_sure_it_deletes(first.repository)
    for item in todo:
        with run.journalled(item):
            run.remove(item)


def remove(item: Item, tools: Tools) -> None:
    """Do one item, which whoever calls this journals; its state tells where there was nothing to do any more."""
    run = _Run(tools)
    if item.way == API:
        run.make_sure_it_deletes(item.repository)
    run.remove(item)


class _Run:
    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._is_its_store = False

    @contextlib.contextmanager
    def journalled(self, item: Item) -> Iterator[None]:
        journal = self._tools.journal
        journal.begin(item.as_dict())
        try:
            yield
        except RegistryError as error:
            item.state, item.detail = FAILED, str(error)
            journal.write(FAILED, digest=item.digest, why=str(error))
            raise
        item.state = DONE if item.state == "planned" else item.state
        journal.write(item.state, digest=item.digest, detail=item.detail)

    def make_sure_it_deletes(self, repository: str) -> None:
        """Ask for a manifest to be deleted that nobody has: a registry that deletes nothing says so before anything is gone."""
        self._api.delete_manifest(repository, "sha256:" + secrets.token_hex(32))

    def remove(self, item: Item) -> None:
        """A tag, or a manifest with all its tags."""
        if item.action == DELETE_TAG:
            self._delete_tag(item)
        else:
            self._delete_manifest(item)

    # -- tags

    def _delete_tag(self, item: Item) -> None:
        (tag,) = item.tags
        now = self._points_at(item, tag)
        if now != item.digest:
            _skip(item, "it was pushed since the plan was made" if now else "it is gone already")
        elif item.way == API:
            self._api.delete_manifest(item.repository, tag)
        else:
            self._move_tag(item, tag)

    def _points_at(self, item: Item, tag: str) -> str:
        """Its digest, empty where it is gone. One that was broken may tell nothing, or nothing true, and be there all the same."""
        try:
            now = self._tools.now.tag(item.repository, tag) or ""
        except Untold:
            if not self._tools.was_broken:
                raise
            now = ""
        if not now and self._tools.was_broken and self._tools.now.listed(item.repository, tag):
            return item.digest
        return now

    def _move_tag(self, item: Item, tag: str) -> None:
        """Move the tag's folder; a push that came in between goes back."""
        try:
            broken = self._tools.was_broken
            needs = "" if broken or self._tools.api is None else item.digest  # a cache fetches again what it lacks
            path = layout.tag_path(item.repository, tag)
            entry = self._disk.remove_folder(path, item.digest, item.reason, needs=needs, expires=not broken)
        except FileNotFoundError:
            _skip(item, "it is gone already")
            return
        if _link_in(os.path.join(self._disk.root, entry["kept"])) != item.digest:
            self._disk.take_back(entry)
            _skip(item, "it was pushed since the plan was made")

    # -- manifests

    def _delete_manifest(self, item: Item) -> None:
        why = self._tools.changes.against(item.repository, item.digest, list(item.tags))
        if why is not None:
            _skip(item, why)
            return
        parts = {digest: self._tools.changes.against(item.repository, digest, []) for digest in item.parts}
        going = [digest for digest in item.parts if parts[digest] is None]
        if self._tools.disk is not None:
            self._tools.disk.copy_links(_links(self._tools.disk.root, item, going), item.reason, lasting=self._tools.was_broken)
        for digest in (item.digest, *going):
            self._delete(item.repository, digest)
        spared = [f"{digest} stays: {why}" for digest, why in parts.items() if why is not None]
        item.parts = tuple(going)
        item.detail = "; ".join(filter(None, [item.detail, *spared]))

    def _delete(self, repository: str, digest: str) -> None:
        self._api.delete_manifest(repository, digest)
        if not self._is_its_store and self._tools.disk is not None:
            path = os.path.join(self._tools.disk.root, layout.revision_link_path(repository, digest))
            if os.path.lexists(path):
                raise ApplyFailed(_OTHER_STORE, where=path, advice="Give the store and the address of one registry")
            self._is_its_store = True

    @property
    def _disk(self) -> StoreWriter:
        if self._tools.disk is None:
            raise ApplyFailed("an item on disk without path")
        return self._tools.disk

    @property
    def _api(self) -> ApiWriter:
        if self._tools.api is None:
            raise ApplyFailed("an item over the API without registry")
        return self._tools.api


def _skip(item: Item, why: str) -> None:
    item.state, item.detail = _SKIPPED, why


def _links(root: str, item: Item, parts: Sequence[str]) -> Dict[str, str]:
    """All links that go with an item, those first that an undo is to put back last: tags, then their manifest, then its parts."""
    links: Dict[str, str] = {}
    for tag in item.tags:
        links[layout.tag_link_path(item.repository, tag)] = item.digest
        links.update(dict.fromkeys(_history(root, layout.tag_path(item.repository, tag)), item.digest))
    for digest in (item.digest, *parts):
        links[layout.revision_link_path(item.repository, digest)] = digest
        links[layout.layer_link_path(item.repository, digest)] = digest  # 2.8 deletes that, too
    return links


def _history(root: str, tag_path: str) -> List[str]:
    """The paths of the links to everything that a tag ever pointed at."""
    links: List[str] = []
    for algorithm in layout.ENCODED_LENGTHS:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            names = sorted(os.listdir(os.path.join(root, tag_path, "index", algorithm)))
            links += [f"{tag_path}/index/{algorithm}/{name}/link" for name in names if is_digest(f"{algorithm}:{name}")]
    return links


def _link_in(folder: str) -> str:
    """The digest that a tag's folder holds; empty where it holds none."""
    try:
        with open(os.path.join(folder, "current", "link"), "rb") as file:
            return layout.parse_link(file.read(layout.MAX_LINK_BYTES)) or ""
    except OSError:
        return ""
