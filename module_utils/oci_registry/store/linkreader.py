# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Reads all links of a repository: its tags, its manifest revisions and its layers."""

from __future__ import annotations

import os
import stat
from sys import intern
from typing import AbstractSet, Iterator, Optional, Tuple

from ..digest import DIGEST
from ..reference import is_tag
from .layout import BASE, ENCODED_LENGTHS
from .links import Links, RepositoryLinks, odd_link
from .reader import FILE_FLAGS, Blind, Reader

_LONGER_THAN_A_LINK = 200
_REVISIONS, _LAYERS = ("_manifests", "revisions"), ("_layers",)
_Only = Optional[AbstractSet[str]]  # digests; None: all


class LinkReader:
    """Reads the links of repositories below ``repositories``, an open folder."""

    def __init__(self, reader: Reader, repositories: int) -> None:
        self._reader = reader
        self._repositories = repositories

    def read(self, name: str) -> RepositoryLinks:
        """All links of the repository ``name``. Tags first: whatever a push tags meanwhile, it has linked before."""
        found = RepositoryLinks(name)
        folder = self._open(found)
        if folder is not None:
            try:
                self._read_tags(folder, found)
                self._read_links(folder, _REVISIONS, found.path, found.revisions)
                self._read_links(folder, _LAYERS, found.path, found.layers)
            finally:
                os.close(folder)
        return found

    def find(self, name: str, digests: AbstractSet[str], *, layers: bool) -> RepositoryLinks:
        """Only the links of ``digests``: to manifests, and with ``layers`` those to blobs, too. Folders are listed, so many cost no more than one."""
        found = RepositoryLinks(name)
        folder = self._open(found)
        if folder is not None:
            try:
                self._read_links(folder, _REVISIONS, found.path, found.revisions, digests)
                if layers:
                    self._read_links(folder, _LAYERS, found.path, found.layers, digests)
            finally:
                os.close(folder)
        return found

    def _open(self, found: RepositoryLinks) -> Optional[int]:
        try:
            return self._reader.open_path(self._repositories, tuple(found.name.split("/")), f"{BASE}/repositories")
        except Blind:
            found.blind_tags = found.revisions.blind = found.layers.blind = True
            return None

    # -- links named by their digest

    def _read_links(self, start: int, parts: Tuple[str, ...], path: str, links: Links, only: _Only = None) -> None:
        """Fill ``links`` from the files ``<parts>/<algorithm>/<encoded>/link`` below the open folder ``start`` (``path``)."""
        try:
            folder = self._reader.open_path(start, parts, path)
            if folder is not None:
                try:
                    self._read_algorithms(folder, "/".join((path, *parts)), links, only)
                finally:
                    os.close(folder)
        except Blind:
            links.blind = True

    def _read_algorithms(self, folder: int, path: str, links: Links, only: _Only) -> None:
        for algorithm in ENCODED_LENGTHS:
            below = self._reader.open_folder(folder, algorithm, f"{path}/{algorithm}")
            if below is not None:
                try:
                    self._read_encoded(below, algorithm, f"{path}/{algorithm}", links, only)
                finally:
                    os.close(below)

    def _read_encoded(self, folder: int, algorithm: str, path: str, links: Links, only: _Only) -> None:
        """The inner loop: much of a scan's time goes by here, so the sound case makes three calls and no detours."""
        sound = links.sound
        for name in self._subfolders(folder, path, links):
            digest = f"{algorithm}:{name}"
            if DIGEST.match(digest) is None or (only is not None and digest not in only):
                continue
            try:
                descriptor = os.open(name + "/link", FILE_FLAGS, dir_fd=folder)
                try:
                    content = os.read(descriptor, _LONGER_THAN_A_LINK)
                finally:
                    os.close(descriptor)
            except OSError:
                content = b""
            if content == digest.encode():
                sound.add(intern(digest))
            else:
                self._read_odd(folder, f"{path}/{name}/link", digest, links)

    def _read_odd(self, folder: int, path: str, digest: str, links: Links) -> None:
        """Anything but a sound link, looked at with care."""
        try:
            content = self._reader.read_link(folder, "/".join(path.split("/")[-2:]), path)
        except Blind:
            links.unseen.add(digest)
            return
        if content == digest.encode():
            links.sound.add(intern(digest))
        elif content is not None:
            links.odd[digest] = odd_link(content)

    def _subfolders(self, folder: int, path: str, links: Links) -> Iterator[str]:
        """Names of the folders in an open folder, in the order of the directory; what is a symbolic link is noted as unseen."""
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        yield entry.name
                    elif entry.is_symlink():
                        self._reader.refuse(f"{path}/{entry.name}", stat.S_IFLNK)
                        links.unseen.add(f"{path.rpartition('/')[2]}:{entry.name}")
        except OSError as error:
            raise self._reader.blind(path, error) from None

    # -- tags

    def _read_tags(self, start: int, found: RepositoryLinks) -> None:
        path = f"{found.path}/_manifests/tags"
        try:
            folder = self._reader.open_path(start, ("_manifests", "tags"), found.path)
            if folder is None:
                return
            try:
                for tag in self._tag_names(folder, path):
                    self._read_tag(folder, tag, f"{path}/{tag}", found)
            finally:
                os.close(folder)
        except Blind:
            found.blind_tags = True

    def _tag_names(self, folder: int, path: str) -> Iterator[str]:
        """Every name that could be a tag: the registry lists whatever lies in this folder, files included."""
        try:
            with os.scandir(folder) as entries:
                yield from (entry.name for entry in entries if is_tag(entry.name))
        except OSError as error:
            raise self._reader.blind(path, error) from None

    def _read_tag(self, tags: int, tag: str, path: str, found: RepositoryLinks) -> None:
        try:
            folder = self._reader.open_folder(tags, tag, path)
            if folder is None:
                found.dead_tags[tag] = None
                return
            try:
                self._read_current(folder, tag, path, found)
                self._read_history(folder, path, found)
            finally:
                os.close(folder)
        except Blind:
            found.blind_tags = True

    def _read_current(self, folder: int, tag: str, path: str, found: RepositoryLinks) -> None:
        current = self._reader.open_folder(folder, "current", f"{path}/current")
        content, pushed = None, 0.0
        if current is not None:
            try:
                content = self._reader.read_link(current, "link", f"{path}/current/link")
                pushed = os.stat("link", dir_fd=current, follow_symlinks=False).st_mtime if content is not None else 0.0
            except FileNotFoundError:  # deleted between the two
                content = None
            finally:
                os.close(current)
        if content is None:
            found.dead_tags[tag] = None
            return
        link = odd_link(content)
        if link.target:
            found.tags[tag] = intern(link.target)
            found.pushed[tag] = pushed
        else:
            found.dead_tags[tag] = link

    def _read_history(self, folder: int, path: str, found: RepositoryLinks) -> None:
        links = Links()
        self._read_links(folder, ("index",), path, links)
        found.history_links += len(links.sound) + len(links.odd)
        for digest, link in links.odd.items():
            found.history["/".join((path, "index", *digest.split(":"), "link"))] = link
