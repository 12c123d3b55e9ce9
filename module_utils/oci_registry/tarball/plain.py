# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The plain bytes of an archive that may be compressed: those of gzip are spooled, so that any part can be read at any time."""

from __future__ import annotations

import gzip
import importlib
import os
import stat
import sys
import tempfile
import zlib
from typing import BinaryIO, Protocol, Type

from ..errors import BadInput, StoreUnreadable

_GZIP, _ZSTD, _XZ, _BZIP2 = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", b"BZh"
_CHUNK_BYTES = 1 << 16  # what is lost at most where a stream breaks off
#: bytes that no spool takes of what is free
KEPT_FREE = 1 << 30


class Readable(Protocol):
    """A stream of plain bytes."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes, none at the end."""


class Plain:
    """An open file descriptor with ``size`` bytes of tar; ``damage`` says why they are not all, as a clause."""

    def __init__(self, descriptor: int, damage: str = "") -> None:
        self.descriptor = descriptor
        self.size = os.fstat(descriptor).st_size
        self.damage = damage

    def close(self) -> None:
        """Let go of it; a spool is gone then."""
        os.close(self.descriptor)


def open_plain(path: str) -> Plain:
    """Open an archive. Raises :class:`BadInput` for what is none, :class:`StoreUnreadable` where it cannot be read."""
    descriptor = _open(path)
    try:
        start = os.pread(descriptor, 6, 0)
    except OSError as error:
        os.close(descriptor)
        raise StoreUnreadable(f"cannot be read ({error.strerror})", where=path) from None
    other = next((name for name, magic in (("zstd", _ZSTD), ("xz", _XZ), ("bzip2", _BZIP2)) if start.startswith(magic)), "")
    if not start.startswith(_GZIP) and not other:
        return Plain(descriptor)
    with os.fdopen(descriptor, "rb") as file:
        if other != "zstd" and other:
            raise BadInput(f"is compressed with {other}, which is not read here", where=path, advice="Decompress it first")
        return _spooled(_zstd(file, path) if other else gzip.GzipFile(fileobj=file), path)


def _open(path: str) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise BadInput("there is no such file", where=path) from None
    except OSError as error:
        raise StoreUnreadable(f"cannot be read ({error.strerror})", where=path) from None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise BadInput("is no file", where=path, advice="Give the tar archive itself")


def _zstd(file: BinaryIO, path: str) -> Readable:
    try:
        zstd = importlib.import_module("compression.zstd")
    except ImportError:
        raise BadInput(
            "is compressed with zstd, which Python reads from 3.14 on", where=path, advice="Decompress it first: zstd -d FILE"
        ) from None
    stream: Readable = zstd.ZstdFile(file)
    return stream


def _zstd_error() -> Type[Exception]:
    """What its decompressor raises, where there is one."""
    found: Type[Exception] = getattr(sys.modules.get("compression.zstd"), "ZstdError", zlib.error)
    return found


def _spooled(stream: Readable, path: str) -> Plain:
    """Decompress into a file without a name. A stream that breaks off leaves what came until then."""
    damage = ""
    with tempfile.TemporaryFile(dir=spool_folder()) as spool:
        free = os.statvfs(spool.fileno())
        left = free.f_bavail * free.f_frsize - KEPT_FREE
        try:
            for chunk in iter(lambda: stream.read(_CHUNK_BYTES), b""):
                left -= len(chunk)
                if left < 0:
                    raise StoreUnreadable("has no room to be decompressed", where=path, advice=_ROOM.format(spool_folder()))
                spool.write(chunk)
            spool.flush()
        except (EOFError, zlib.error, gzip.BadGzipFile, _zstd_error()) as error:
            damage = f"is damaged: {error}"
        except OSError as error:
            raise StoreUnreadable(f"cannot be decompressed into {spool_folder()} ({error.strerror})", where=path) from None
        spool.flush()
        return Plain(os.dup(spool.fileno()), damage)


_ROOM = "Free space in {} (1 GiB stays free there), name another folder with TMPDIR, or decompress the file where there is room"


def spool_folder() -> str:
    """Where large temporary files go: ``TMPDIR``, or ``/var/tmp``, since ``/tmp`` may be memory."""
    named = os.environ.get("TMPDIR", "/var/tmp")  # noqa: S108 - the file has no name there
    return named if os.access(named, os.W_OK | os.X_OK) else tempfile.gettempdir()
