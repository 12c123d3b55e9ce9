# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Copies a store beside itself: blobs as hard links, links with their bytes, owner, mode and times, uploads not at all."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import Any, Dict, Iterator, List

from ..errors import ApplyFailed
from ..store.layout import BASE, MAX_LINK_BYTES
from ..store.reader import FILE_FLAGS, FOLDER_FLAGS

SAME_FILE_SYSTEM = "Let one file system hold the whole rootdirectory: hard links do not reach from one to another"
_LEFT_OUT = "_uploads"
_MAY_NOT_LINK = "Run as root, or as the user that the registry runs as"


def copy_store(root: str, target: str) -> Dict[str, Any]:
    """Copy the store of ``root`` below ``target``, where its base folder exists; returns how many ``blobs`` and ``links`` it has."""
    return _Copier(root, target).copy()


class _Copier:
    """Copies one store, folder by folder, following no symbolic link."""

    def __init__(self, root: str, target: str) -> None:
        self._source = os.path.join(root, BASE)
        self._target = os.path.join(target, BASE)
        self._blobs = 0
        self._links = 0

    def copy(self) -> Dict[str, Any]:
        """Copy everything; returns the counts ``blobs`` and ``links``."""
        for name in ("repositories", "blobs"):
            with contextlib.suppress(FileNotFoundError):
                source = os.open(os.path.join(self._source, name), FOLDER_FLAGS)
                try:
                    self._enter(source, os.path.join(self._target, name), name == "blobs")
                finally:
                    os.close(source)
        return {"blobs": self._blobs, "links": self._links}

    def _enter(self, source: int, path: str, is_blobs: bool) -> None:
        os.mkdir(path, 0o700)
        target = os.open(path, FOLDER_FLAGS)
        try:
            if is_blobs:
                self._blob_folders(source, target, path)
            else:
                self._link_folder(source, target)
        finally:
            os.close(target)

    def _blob_folders(self, source: int, target: int, path: str) -> None:
        """``<algorithm>/<2 digits>`` are entered; what is below them is a folder for each blob."""
        for algorithm in _folders(source):
            os.mkdir(algorithm, 0o700, dir_fd=target)
            with _opened(algorithm, source) as below:
                for digits in _folders(below):
                    name = f"{algorithm}/{digits}"
                    os.mkdir(name, 0o700, dir_fd=target)
                    with _opened(digits, below) as shard, _opened(name, target) as copy:
                        self._shard(shard, copy, os.path.join(path, name))

    def _shard(self, source: int, target: int, path: str) -> None:
        """The inner loop: two calls for each blob."""
        link, mkdir = os.link, os.mkdir
        for name in _folders(source):
            data = name + "/data"
            mkdir(name, 0o700, dir_fd=target)
            try:
                link(data, data, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
            except FileNotFoundError:
                os.rmdir(name, dir_fd=target)
                continue
            except OSError as error:
                raise _not_linked(os.path.join(path, name), error) from None
            self._blobs += 1

    def _link_folder(self, source: int, target: int) -> None:
        folders: List[str] = []
        with os.scandir(source) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != _LEFT_OUT:
                        folders.append(entry.name)
                elif entry.name == "link" and entry.is_file(follow_symlinks=False):
                    self._links += _copy_link(source, target)
        for name in folders:
            os.mkdir(name, 0o700, dir_fd=target)
            with contextlib.suppress(FileNotFoundError), _opened(name, source) as below, _opened(name, target) as copy:
                self._link_folder(below, copy)


@contextlib.contextmanager
def _opened(name: str, parent: int) -> Iterator[int]:
    """The folder ``name`` in an open folder."""
    descriptor = os.open(name, FOLDER_FLAGS, dir_fd=parent)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _folders(descriptor: int) -> List[str]:
    with os.scandir(descriptor) as entries:
        return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]


def _copy_link(source: int, target: int) -> int:
    """Copy the file ``link`` from one open folder to another; returns how many were copied: 0 if it is gone meanwhile."""
    try:
        descriptor = os.open("link", FILE_FLAGS, dir_fd=source)
    except FileNotFoundError:
        return 0
    try:
        content, status = os.read(descriptor, MAX_LINK_BYTES + 1), os.fstat(descriptor)
    finally:
        os.close(descriptor)
    copy = os.open("link", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, status.st_mode & 0o777, dir_fd=target)
    try:
        os.write(copy, content)
        os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
        if status.st_uid != os.geteuid():
            with contextlib.suppress(PermissionError):
                os.fchown(copy, status.st_uid, status.st_gid)
    finally:
        os.close(copy)
    return 1


def _not_linked(where: str, error: OSError) -> ApplyFailed:
    advice = {errno.EXDEV: SAME_FILE_SYSTEM, errno.EPERM: _MAY_NOT_LINK, errno.EACCES: _MAY_NOT_LINK}.get(
        error.errno or 0, "Free space"
    )
    return ApplyFailed(f"cannot be hard-linked into a snapshot ({error.strerror})", where=where, advice=advice)
