# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Archives of ``docker save``: read as they are, and packed again as an image that a registry takes, under a digest of its own."""

from __future__ import annotations

from .image import DockerArchive, SavedImage
from .pack import Packed, manifest_of, pack

__all__ = ["DockerArchive", "Packed", "SavedImage", "manifest_of", "pack"]
