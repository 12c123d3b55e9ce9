# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Where right bytes can come from. One file for each kind; nothing that comes from a source is trusted before it was hashed."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional, Sequence

from ..client import Client
from ..errors import BadInput
from ..options import settings_from
from ..reference import parse_repository
from .base import Source
from .layout import LayoutSource
from .options import KINDS, sources_spec
from .registry import RegistrySource
from .repository import RepositorySource
from .snapshot import SnapshotSource

__all__ = ["KINDS", "Source", "open_sources", "sources_spec"]


def open_sources(wanted: Sequence[Mapping[str, Any]], own: Optional[Client], timeout: float) -> List[Source]:
    """The sources in the order given. ``own`` is the registry under repair, ``timeout`` (seconds) that of other registries.

    Raises :class:`BadInput` for a source that cannot be one.
    """
    sources = [_open(number, source, own, timeout) for number, source in enumerate(wanted)]
    for number, source in enumerate(sources):
        if source.label in [other.label for other in sources[:number]]:
            source.label += f" (sources[{number}])"
    return sources


def _open(number: int, wanted: Mapping[str, Any], own: Optional[Client], timeout: float) -> Source:
    kind = wanted["type"]
    for option in KINDS[kind]:
        if not wanted.get(option):
            raise BadInput(f"a source of type {kind} needs {option}", where=f"sources[{number}]")
    repository = parse_repository(wanted["repository"]) if wanted.get("repository") else ""
    if kind == "snapshot":
        return SnapshotSource(wanted["path"])
    if kind == "layout":
        return LayoutSource(wanted["path"])
    if kind == "registry":
        return RegistrySource(Client(settings_from(dict(wanted, timeout=timeout))), repository)
    if own is None:
        raise BadInput(
            "a source of type repository needs the registry", where=f"sources[{number}]", advice="Name it with registry"
        )
    return RepositorySource(own, repository)
