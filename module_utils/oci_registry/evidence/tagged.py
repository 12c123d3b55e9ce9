# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What one tag of a registry stands for right now, over HTTP."""

from __future__ import annotations

from typing import NamedTuple, Tuple

from ..client import Client
from ..errors import ProtocolError, RegistryUnavailable
from ..model import InvalidManifest, parse_manifest
from .http import ApiView


class Tagged(NamedTuple):
    """``exists``: the registry lists or serves it. The rest is empty where that cannot be read, or does not apply."""

    exists: bool = False
    digest: str = ""
    config: str = ""  # digest of an image's config
    blobs: Tuple[str, ...] = ()  # digests of an image's config and layers
    children: Tuple[str, ...] = ()  # digests of an index's children
    platforms: Tuple[str, ...] = ()  # of an index's children, attestations left out

    @property
    def readable(self) -> bool:
        """Whether its manifest could be read, which does not say that its blobs can."""
        return bool(self.config or self.children)


def look_at_tag(client: Client, repository: str, tag: str) -> Tagged:
    """GET the tag's manifest. Raises a :class:`RegistryError` where the registry cannot be asked."""
    try:
        fact = ApiView(client).manifest(repository, tag)
    except (RegistryUnavailable, ProtocolError):  # a registry that chokes on the tag may still list it
        if not _listed(client, repository, tag):
            raise
        return Tagged(True)
    if fact.content is None:
        return Tagged(bool(fact.digest) or _listed(client, repository, tag), fact.digest)
    try:
        manifest = parse_manifest(fact.content)
    except InvalidManifest:
        return Tagged(True, fact.digest)
    return Tagged(
        True,
        fact.digest,
        manifest.config.digest if manifest.config is not None else "",
        tuple(dict.fromkeys(blob.digest for blob in manifest.blobs())),
        tuple(dict.fromkeys(child.digest for child in manifest.children)),
        tuple(sorted({child.platform for child in manifest.children if child.platform and not child.attestation})),
    )


def _listed(client: Client, repository: str, tag: str) -> bool:
    return tag in (client.tags(repository) or ())
