# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""An OCI image layout folder: ``oci-layout``, ``index.json`` and ``blobs/<algorithm>/<hex>``."""

from __future__ import annotations

import os

from ..errors import BadInput
from .blob_folder import BlobFolders, is_folder


class LayoutSource(BlobFolders):
    """The blobs of an image layout. ``index.json`` does not matter: a digest says all."""

    def __init__(self, path: str) -> None:
        path = os.path.abspath(path)
        folder = os.path.join(path, "blobs")
        if not is_folder(folder):
            advice = "Give the folder that holds oci-layout, index.json and blobs"
            raise BadInput("holds no OCI image layout", where=path, advice=advice)
        super().__init__([folder], f"layout {path}")
