# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Content of images where tests put it: members of archives, and content stores of a containerd."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path


def add(tar: tarfile.TarFile, name: str, content: bytes = b"", **fields: object) -> None:
    """Add a member; ``fields`` of its header may say anything."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    tar.addfile(info, io.BytesIO(content))


def content_store(folder: Path, contents: dict[str, bytes]) -> dict[str, str]:
    """A source of type containerd that holds just these, by digest."""
    for digest, content in contents.items():
        path = folder / "blobs" / digest.replace(":", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return {"type": "containerd", "path": str(folder)}
