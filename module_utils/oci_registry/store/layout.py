# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The layout of a Distribution store on disk: which path holds what. Pure.

All paths are relative to the rootdirectory. A digest or a name becomes a path here only after it was parsed, so nothing that
a store holds can lead out of it.
"""

from __future__ import annotations

from typing import Optional

from ..digest import is_digest, parse_digest, split_digest
from ..errors import BadInput
from ..reference import is_tag, parse_repository

#: folders from the rootdirectory down to what the registry keeps
BASE_PARTS = ("docker", "registry", "v2")
BASE = "/".join(BASE_PARTS)
#: written by a pull-through cache at its rootdirectory
SCHEDULER_STATE = "scheduler-state.json"
#: what repairs moved aside, at the rootdirectory
QUARANTINE = ".registry-runbooks"

#: algorithm: how many hexadecimal digits
ENCODED_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
#: a link holds one digest; what is longer holds something else
MAX_LINK_BYTES = 1024


def blob_path(digest: str) -> str:
    """The bytes of a manifest, config or layer."""
    algorithm, encoded = split_digest(parse_digest(digest))
    return f"{BASE}/blobs/{algorithm}/{encoded[:2]}/{encoded}/data"


def repository_path(repository: str) -> str:
    """The folder of one repository."""
    return f"{BASE}/repositories/{parse_repository(repository)}"


def revision_link_path(repository: str, digest: str) -> str:
    """The link through which the repository serves a manifest."""
    return f"{repository_path(repository)}/_manifests/revisions/{_encoded(digest)}/link"


def layer_link_path(repository: str, digest: str) -> str:
    """The link through which the repository serves a blob."""
    return f"{repository_path(repository)}/_layers/{_encoded(digest)}/link"


def tag_path(repository: str, tag: str) -> str:
    """The folder of one tag."""
    if not is_tag(tag):
        raise BadInput(f"{tag[:140]!r} is no tag", advice="A tag is 1 to 128 of A-Z a-z 0-9 _ . -")
    return f"{repository_path(repository)}/_manifests/tags/{tag}"


def tag_link_path(repository: str, tag: str) -> str:
    """The link that holds the tag's digest."""
    return f"{tag_path(repository, tag)}/current/link"


def tag_history_path(repository: str, tag: str, digest: str) -> str:
    """The link that says that the tag once pointed at a digest."""
    return f"{tag_path(repository, tag)}/index/{_encoded(digest)}/link"


def parse_link(content: bytes) -> Optional[str]:
    """The digest that a link file holds, or None: exactly a digest, no newline, as the registry itself demands."""
    text = content.decode("ascii", "replace")
    return text if is_digest(text) else None


def _encoded(digest: str) -> str:
    return "/".join(split_digest(parse_digest(digest)))
