# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a tag of the registry holds, by bytes: whether all of it can be pulled, for which platforms, and of which commit it says it is."""

from __future__ import annotations

import json
from typing import Any, Dict, List, NamedTuple, Optional

from ..oci_registry.client import Client, Settings
from ..oci_registry.errors import ProtocolError
from ..oci_registry.findings import as_dicts, is_healthy
from ..oci_registry.model import Descriptor, Manifest
from ..oci_registry.reference import Reference
from ..oci_registry.view import RepositoryView
from ..oci_registry.walk import Options, walk
from .platforms import known, normal_all, of_config

REVISION = "org.opencontainers.image.revision"
RECIPE = "registry-runbooks.recipe"
_MAX_CONFIG = 1 << 22  # bytes


class Held(NamedTuple):
    """What a tag holds. ``revision`` and ``recipe`` are the labels of that name, empty where there are none or they cannot be read."""

    digest: str
    platforms: List[str]
    revision: str
    recipe: str
    findings: List[Dict[str, Any]]
    whole: bool

    def as_dict(self) -> Dict[str, Any]:
        """The record as modules return it."""
        return {name: value for name, value in self._asdict().items() if name != "recipe"}


def look(settings: Settings, repository: str, tag: str, proof: str = "bytes", concurrency: int = 8) -> Optional[Held]:
    """What the tag holds; None where there is no such tag. ``proof``: bytes or content.

    Raises a :class:`RegistryError` where the registry cannot be asked.
    """
    with Client(settings) as client:
        if client.head_manifest(repository, tag).status == 404:
            return None
    views: List[RepositoryView] = []
    report = walk(
        Client(settings),
        images=[Reference("", repository, tag, None)],
        concurrency=concurrency,
        options=Options(proof),
        look=views.append,
    )
    if not report.complete:
        raise ProtocolError(f"could not be looked at: {report.problems[0]}", where=f"{settings.registry}/{repository}:{tag}")
    view = views[0]
    digest = view.tags.get(tag, "")
    with Client(settings) as client:
        configs = [_config(client, view, item) for item in _images(view, digest)]
    labels = next((found for found in map(_labels, configs) if found), {})
    return Held(
        digest,
        _platforms(view, digest, configs),
        str(labels.get(REVISION) or ""),
        str(labels.get(RECIPE) or ""),
        as_dicts(report.findings),
        is_healthy(report.findings),
    )


def _images(view: RepositoryView, digest: str) -> List[Manifest]:
    """The images that people run, of a tag that is one or an index of some."""
    top = view.manifests.get(digest)
    if top is None or top.kind != "index":
        return [top] if top is not None else []
    children = [view.manifests.get(child.digest) for child in top.children if not child.attestation]
    return [child for child in children if child is not None and child.kind == "image"]


def _platforms(view: RepositoryView, digest: str, configs: List[Dict[str, Any]]) -> List[str]:
    top = view.manifests.get(digest)
    if top is not None and top.kind == "index":
        return normal_all(known(child.platform) for child in top.children if not child.attestation)
    return normal_all(of_config(config) for config in configs)


def _labels(config: Dict[str, Any]) -> Dict[str, Any]:
    inner = config.get("config")
    labels = inner.get("Labels") if isinstance(inner, dict) else None
    return labels if isinstance(labels, dict) else {}


def _config(client: Client, view: RepositoryView, image: Manifest) -> Dict[str, Any]:
    wanted: Optional[Descriptor] = image.config
    if wanted is None or wanted.digest in view.blob_faults or wanted.size > _MAX_CONFIG:
        return {}
    pieces: List[bytes] = []
    client.get_blob(view.name, wanted.digest, pieces.append)
    try:
        found = json.loads(b"".join(pieces))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
