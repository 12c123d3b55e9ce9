# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Where things are in the API, and the token scope that each needs. Every part is checked before it becomes a path."""

from __future__ import annotations

from ..digest import is_digest, parse_digest
from ..errors import BadInput
from ..reference import is_tag, parse_repository

BASE = "/v2/"
CATALOG = "/v2/_catalog"
CATALOG_SCOPE = "registry:catalog:*"


def pull_scope(repository: str) -> str:
    """What a token must allow to read a repository."""
    return f"repository:{repository}:pull"


def push_scope(repository: str) -> str:
    """What a token must allow to write to a repository."""
    return f"repository:{repository}:pull,push"


def tags_path(repository: str) -> str:
    """The list of tags."""
    return f"/v2/{parse_repository(repository)}/tags/list"


def manifest_path(repository: str, reference: str) -> str:
    """A manifest, by tag or digest."""
    if not is_tag(reference) and not is_digest(reference):
        raise BadInput(f"{str(reference)[:140]!r} is neither a tag nor a digest", where=repository)
    return f"/v2/{parse_repository(repository)}/manifests/{reference}"


def blob_path(repository: str, digest: str) -> str:
    """A blob."""
    return f"/v2/{parse_repository(repository)}/blobs/{parse_digest(digest)}"


def uploads_path(repository: str) -> str:
    """Where uploads begin."""
    return f"/v2/{parse_repository(repository)}/blobs/uploads/"


def referrers_path(repository: str, digest: str) -> str:
    """What refers to a manifest."""
    return f"/v2/{parse_repository(repository)}/referrers/{parse_digest(digest)}"
