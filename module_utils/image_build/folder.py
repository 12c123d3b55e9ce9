# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A folder as source: which commit it is, or what stands for one."""

from __future__ import annotations

import hashlib
import os
from typing import Iterator, Tuple

from ..oci_registry.errors import BadInput
from .errors import SourceFailed
from .shell import Shell, find_program


def folder_revision(path: str, shell: Shell) -> Tuple[str, str]:
    """The commit of a clean work tree (empty for anything else), and the revision: the commit, or a hash of all files."""
    if not os.path.isdir(path):
        raise BadInput("there is no such folder on this host", where=path)
    if find_program("git") and os.path.exists(os.path.join(path, ".git")):
        head = shell.run(["git", "-C", path, "rev-parse", "HEAD"], apart=True)
        changes = shell.run(["git", "-C", path, "status", "--porcelain", "--ignored"], apart=True)
        if head.code == 0 and changes.code == 0 and not changes.text.strip():
            return head.text.strip(), head.text.strip()
    return "", f"folder-{_hash(path)}"


def _hash(path: str) -> str:
    hasher = hashlib.sha256()
    try:
        for name in _files(path):
            full = os.path.join(path, name)
            hasher.update(f"{name}\0{os.lstat(full).st_mode}\0".encode("utf-8", "surrogateescape"))
            if os.path.islink(full):
                hasher.update(os.fsencode(os.readlink(full)))
            elif os.path.isfile(full):
                with open(full, "rb") as file:
                    for piece in iter(lambda: file.read(1 << 20), b""):
                        hasher.update(piece)
    except OSError as error:
        raise SourceFailed(f"cannot be read ({error.strerror})", where=str(error.filename or path)) from None
    return hasher.hexdigest()


def _files(path: str) -> Iterator[str]:
    for above, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(files) + [name for name in folders if os.path.islink(os.path.join(above, name))]:
            yield os.path.relpath(os.path.join(above, name), path)
