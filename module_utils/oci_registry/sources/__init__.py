# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Where right bytes can come from. One file for each kind; nothing that comes from a source is trusted before it was hashed."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from ..client import Client
from ..errors import BadInput
from ..options import settings_from
from ..reference import parse_repository
from .archive import ArchiveSource
from .base import ContentSource, Failure, Source
from .containerd import ContainerdSource
from .layout import LayoutSource
from .listed import ListedSource
from .options import KINDS, sources_spec
from .registry import RegistrySource
from .repository import RepositorySource
from .snapshot import SnapshotSource

__all__ = ["KINDS", "STORED", "ArchiveSource", "ContentSource", "Failure", "Source", "open_sources", "sources_spec"]

#: the kinds that need nothing but a path
STORED: Dict[str, Callable[[str], ContentSource]] = {
    "snapshot": SnapshotSource,
    "layout": LayoutSource,
    "archive": ArchiveSource,
    "containerd": ContainerdSource,
}


def open_sources(wanted: Sequence[Mapping[str, Any]], own: Optional[Client], timeout: float) -> List[Source]:
    """The sources in the order given. ``own`` is the registry under repair, ``timeout`` (seconds) that of other registries.

    Raises :class:`BadInput` for a source that cannot be one.
    """
    sources: List[Source] = []
    try:
        for number, source in enumerate(wanted):
            sources.append(_open(number, source, own, timeout))
            sources[-1].label = source.get("name") or sources[-1].label
    except BaseException:
        for opened in sources:
            opened.close()
        raise
    _tell_apart(sources)
    return sources


def _tell_apart(sources: List[Source]) -> None:
    for number, source in enumerate(sources):
        if source.label in [other.label for other in sources[:number]]:
            source.label += f" (sources[{number}])"


def _open(number: int, wanted: Mapping[str, Any], own: Optional[Client], timeout: float) -> Source:
    kind = wanted["type"]
    for option in KINDS[kind]:
        if not wanted.get(option):
            raise BadInput(f"a source of type {kind} needs {option}", where=f"sources[{number}]")
    repository = parse_repository(wanted["repository"]) if wanted.get("repository") else ""
    if kind in STORED:
        return STORED[kind](wanted["path"])
    if kind == "listed":
        return ListedSource(wanted.get("contents") or [], wanted["name"], wanted.get("problem") or "")
    if kind == "registry":
        return RegistrySource(Client(settings_from(dict(wanted, timeout=timeout))), repository)
    if own is None:
        raise BadInput(
            "a source of type repository needs the registry", where=f"sources[{number}]", advice="Name it with registry"
        )
    return RepositorySource(own, repository)
