# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which repositories a store holds, as far as a catalog has to list them."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from typing import FrozenSet, NamedTuple

from ..errors import StoreUnreadable
from ..store.catalog import Catalog
from ..store.layout import BASE_PARTS, repository_path
from ..store.reader import Blind, Reader
from .facts import Disk

#: 2.8 lists what has the first, 3.x what has the second
_MARKS = ("_layers", "_manifests")


class Names(NamedTuple):
    """The names at one moment."""

    all: FrozenSet[str]
    listed: FrozenSet[str]  # by every version


def names_of(root: str) -> Names:
    """The repositories of the store whose rootdirectory is ``root``, none before its first push. Raises StoreUnreadable."""
    reader = Reader(root)
    names = _names(reader)
    if reader.problems:
        advice = "Is this the rootdirectory, and may this user read it?"
        raise StoreUnreadable(reader.problems[0], where=root, advice=advice)
    listed = (name for name in names if all(os.path.isdir(os.path.join(root, repository_path(name), mark)) for mark in _MARKS))
    return Names(names, frozenset(listed))


def _names(reader: Reader) -> FrozenSet[str]:
    with suppress(Blind), ExitStack() as stack:  # what blinded it is among the reader's problems
        root = reader.open_root()
        stack.callback(os.close, root)
        repositories = reader.open_path(root, (*BASE_PARTS, "repositories"), "")
        if repositories is not None:
            stack.callback(os.close, repositories)
            return frozenset(Catalog(reader, repositories).names)
    return frozenset()


def between(before: Names, after: Names) -> Disk:
    """What a catalog that was read between the two may list, and must list."""
    return Disk(before.all | after.all, before.listed & after.listed)
