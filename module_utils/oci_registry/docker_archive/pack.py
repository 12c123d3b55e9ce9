# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A saved layer as a registry holds it, and the manifest over all of them. The same archive gives the same bytes, and so the same digest.

(Where the zlib of two machines differs, so may the digests; that is why a second run compares configs.)
"""

from __future__ import annotations

import itertools
import json
import zlib
from typing import Any, Callable, Dict, Iterable, NamedTuple, Sequence

from ..digest import new_hash, split_digest
from ..errors import BadInput
from ..model import DOCKER_MANIFEST, OCI_MANIFEST

DOCKER, OCI = "docker", "oci"
_TYPES = {  # format: media types of manifest, config and layers
    DOCKER: (
        DOCKER_MANIFEST,
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
    ),
    OCI: (OCI_MANIFEST, "application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar+gzip"),
}
_GZIP, _ZSTD, _LEVEL, _WITH_GZIP_HEADER, _MAX_INFLATED = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", 6, 31, 1 << 20
Sink = Callable[[bytes], None]


class Packed(NamedTuple):
    """A blob as the registry is to hold it."""

    digest: str
    size: int  # bytes


def pack(chunks: Iterable[bytes], diff_id: str, sink: Sink) -> None:
    """Give a layer to ``sink`` compressed with gzip: as it is where it already was, else without a time in the header.

    Raises :class:`BadInput` where its bytes are not those that the config names.
    """
    hasher, pieces = new_hash(diff_id), iter(chunks)
    first = next(pieces, b"")
    if first.startswith(_ZSTD):
        raise BadInput("a layer is compressed with zstd", where=diff_id, advice=_AS_ARCHIVE)
    work = _Keep(hasher, sink, diff_id) if first.startswith(_GZIP) else _Compress(hasher, sink)
    for chunk in itertools.chain([first], pieces):
        work.take(chunk)
    work.end()
    if hasher.hexdigest() != split_digest(diff_id)[1]:
        raise BadInput("a layer does not hash to what the image's config says: the archive is damaged", where=diff_id)


class _Compress:
    def __init__(self, hasher: Any, sink: Sink) -> None:
        self._hash, self._sink = hasher, sink
        self._packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WITH_GZIP_HEADER)

    def take(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        self._sink(self._packer.compress(chunk))

    def end(self) -> None:
        self._sink(self._packer.flush())


class _Keep:
    """A layer that is compressed already, as the containerd image store saves it: passed on, and hashed as it unpacks."""

    def __init__(self, hasher: Any, sink: Sink, diff_id: str) -> None:
        self._hash, self._sink, self._where = hasher, sink, diff_id
        self._unpacker = zlib.decompressobj(_WITH_GZIP_HEADER)

    def take(self, chunk: bytes) -> None:
        self._sink(chunk)
        try:
            while chunk:
                if self._unpacker.eof:  # one more gzip member follows
                    self._unpacker = zlib.decompressobj(_WITH_GZIP_HEADER)
                self._hash.update(self._unpacker.decompress(chunk, _MAX_INFLATED))
                chunk = self._unpacker.unconsumed_tail or self._unpacker.unused_data
        except zlib.error:
            raise BadInput("a layer is no gzip that can be read: the archive is damaged", where=self._where) from None

    def end(self) -> None:
        self._hash.update(self._unpacker.flush())


def manifest_of(kind: str, config: Packed, layers: Sequence[Packed]) -> bytes:
    """The manifest, ``kind`` being ``docker`` or ``oci``."""
    manifest, config_type, layer_type = _TYPES[kind]
    document = {
        "schemaVersion": 2,
        "mediaType": manifest,
        "config": _descriptor(config_type, config),
        "layers": [_descriptor(layer_type, layer) for layer in layers],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _descriptor(media_type: str, blob: Packed) -> Dict[str, object]:
    return {"mediaType": media_type, "size": blob.size, "digest": blob.digest}


_AS_ARCHIVE = "Such an archive has the exact bytes: give it to registry_repair as a source of type archive"
