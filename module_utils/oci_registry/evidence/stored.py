# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Manifests read straight from the blobs of a store, whoever links them."""

from __future__ import annotations

import os
from typing import Iterable, Iterator

from ..model import MAX_MANIFEST_BYTES, InvalidManifest, Manifest, parse_manifest
from ..store.layout import blob_path


def stored_manifests(root: str, digests: Iterable[str]) -> Iterator[Manifest]:
    """Those of the blobs that are manifests; what is too large for one is not read."""
    for digest in digests:
        path = os.path.join(root, blob_path(digest))
        try:
            if os.lstat(path).st_size > MAX_MANIFEST_BYTES:
                continue
            with open(path, "rb") as file:
                manifest = parse_manifest(file.read(MAX_MANIFEST_BYTES + 1))
        except (OSError, InvalidManifest):
            continue
        yield manifest
