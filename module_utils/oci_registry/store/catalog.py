# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which repositories a store holds."""

from __future__ import annotations

import os
from typing import List, Tuple

from ..reference import is_repository
from .layout import BASE
from .reader import Blind, Reader, shown

#: a folder that has one of these is a repository (the catalog of 2.8 goes by the first, that of 3.x by the second)
_MARKS = frozenset(("_layers", "_manifests"))
_MAX_NESTING = 128


class Catalog:
    """The names of all repositories, and the folders that look like one but have a name that no request can ask for."""

    def __init__(self, reader: Reader, repositories: int) -> None:
        """``repositories`` is an open folder. What cannot be read is among the reader's problems."""
        self._reader = reader
        self.names: List[str] = []
        self.unservable: List[str] = []
        self._descend(os.dup(repositories), ())
        self.names.sort()

    def _descend(self, folder: int, parts: Tuple[str, ...]) -> None:
        """Take in the open folder and all below it; closes it."""
        path = "/".join((BASE, "repositories", *parts))
        try:
            below, marked = self._list(folder, path)
            if marked and parts:
                self._add("/".join(parts))
            for name in below:
                self._enter(folder, (*parts, name), f"{path}/{name}")
        except Blind:
            pass
        finally:
            os.close(folder)

    def _enter(self, parent: int, parts: Tuple[str, ...], path: str) -> None:
        if len(parts) > _MAX_NESTING:
            self._reader.note(path, "is nested too deep to be a repository: not entered")
            return
        try:
            folder = self._reader.open_folder(parent, parts[-1], path)
        except Blind:
            return
        if folder is not None:
            self._descend(folder, parts)

    def _list(self, folder: int, path: str) -> Tuple[List[str], bool]:
        """Names of the folders (and symbolic links) that may hold repositories, and whether this one is a repository itself."""
        below: List[str] = []
        marked = False
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith("_"):
                        marked = marked or entry.name in _MARKS
                    elif entry.is_dir(follow_symlinks=False) or entry.is_symlink():
                        below.append(entry.name)
        except OSError as error:
            raise self._reader.blind(path, error) from None
        return below, marked

    def _add(self, name: str) -> None:
        if is_repository(name):
            self.names.append(name)
        else:
            self.unservable.append(shown(name))
