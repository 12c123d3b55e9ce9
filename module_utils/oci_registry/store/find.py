# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the stores are, and what kind each is."""

from __future__ import annotations

import os
from typing import List, NamedTuple, Optional

from ..errors import BadInput, NotAStore, StoreUnreadable
from .config import remote_url
from .layout import BASE, BASE_PARTS, SCHEDULER_STATE

HOSTED, CACHE, AUTO = "hosted", "cache", "auto"
MODES = (AUTO, HOSTED, CACHE)

_ADVICE = f"Give a rootdirectory (the folder that holds {BASE}), that {BASE} folder itself, or a folder of rootdirectories"


class StoreLocation(NamedTuple):
    """One store: a name for people (that of its folder) and its rootdirectory, absolute."""

    name: str
    root: str


def find_stores(path: str) -> List[StoreLocation]:
    """The store at ``path``, or the stores in the folders of ``path``, by name.

    Raises :class:`NotAStore` where there is none, :class:`StoreUnreadable` where that cannot be told.
    """
    path = os.path.abspath(path)
    names = _list(path)
    if _holds_store(path):
        return [StoreLocation(os.path.basename(path), path)]
    root = _root_above(path)
    if root is not None:
        return [StoreLocation(os.path.basename(root), root)]
    found = [StoreLocation(name, os.path.join(path, name)) for name in sorted(names) if _may_be_store(path, name)]
    if not found:
        empty = "it is empty; a registry makes its folders at the first push. " if not names else ""
        raise NotAStore("holds no registry store", where=path, advice=empty + _ADVICE)
    return found


def one_root(path: str) -> str:
    """The rootdirectory of the one store at ``path``. Raises :class:`BadInput` where there are several."""
    stores = find_stores(path)
    if len(stores) > 1:
        names = ", ".join(store.name for store in stores)
        raise BadInput(f"holds several stores ({names})", where=path, advice="Call the module once for each of them")
    return stores[0].root


def detect_mode(root: str, config_path: Optional[str] = None) -> str:
    """``cache`` for the store of a pull-through cache, else ``hosted``.

    A cache is told by ``proxy.remoteurl`` in the registry's configuration, if its path is given, or by the state file that a
    cache keeps in its rootdirectory: either is enough, since the environment can override the configuration.
    """
    if config_path is not None and remote_url(_read_text(config_path)):
        return CACHE
    return CACHE if os.path.lexists(os.path.join(root, SCHEDULER_STATE)) else HOSTED


def _list(path: str) -> List[str]:
    try:
        return os.listdir(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotAStore(f"cannot be listed ({error.strerror})", where=path, advice=_ADVICE) from None
    except OSError as error:
        advice = "Run as the user that the registry runs as, or as root"
        raise StoreUnreadable(f"cannot be listed ({error.strerror})", where=path, advice=advice) from None


def _may_be_store(parent: str, name: str) -> bool:
    return not name.startswith(".") and name != "lost+found" and _holds_store(os.path.join(parent, name))


def _holds_store(path: str) -> bool:
    """Whether ``path`` is a rootdirectory. One that may not be entered may be: the scan will then say that it could not look."""
    try:
        os.stat(os.path.join(path, *BASE_PARTS))
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _root_above(path: str) -> Optional[str]:
    """The rootdirectory of a path that is ``docker/registry/v2`` itself."""
    real = os.path.realpath(path)
    if real.split(os.sep)[-len(BASE_PARTS) :] != list(BASE_PARTS):
        return None
    return os.path.abspath(os.path.join(real, *(os.pardir for _part in BASE_PARTS)))


def _read_text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(1 << 20)
    except OSError as error:
        advice = "Give the registry's own config.yml, or none"
        raise BadInput(f"cannot be read ({error.strerror})", where=path, advice=advice) from None
