# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Images made in memory: small, deterministic (the same seed gives the same bytes), and real enough for any client to pull.

Media types are those of the OCI image specification 1.1 and of the Docker image manifest version 2.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
import zlib
from typing import Any, Dict, Iterator, NamedTuple, Optional, Sequence, Tuple

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DOCKER_FOREIGN_LAYER = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
SCHEMA1_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"
IN_TOTO = "application/vnd.in-toto+json"

AMD64, ARM64 = "linux/amd64", "linux/arm64"


class Blob(NamedTuple):
    """A config or a layer."""

    digest: str
    content: bytes
    media_type: str
    diff_id: str = ""  # digest of a layer's uncompressed tar
    urls: Tuple[str, ...] = ()  # of a foreign layer, which no registry needs to hold

    def descriptor(self) -> Dict[str, Any]:
        """The blob as a manifest names it."""
        plain = {"mediaType": self.media_type, "size": len(self.content), "digest": self.digest}
        return {**plain, "urls": list(self.urls)} if self.urls else plain


class Image(NamedTuple):
    """A manifest with its blobs, or an index with its children."""

    digest: str
    content: bytes
    media_type: str  # what it is pushed as; an index may leave it unwritten
    blobs: Tuple[Blob, ...] = ()  # what a push uploads: all but foreign layers
    children: Tuple[Image, ...] = ()
    platform: str = ""  # "os/architecture[/variant]"
    annotations: Tuple[Tuple[str, str], ...] = ()  # of the descriptor that an index has for it

    def descriptor(self) -> Dict[str, Any]:
        """The image as an index names it."""
        result: Dict[str, Any] = {"mediaType": self.media_type, "size": len(self.content), "digest": self.digest}
        if self.annotations:
            result["annotations"] = dict(self.annotations)
        if self.platform:
            result["platform"] = dict(zip(("os", "architecture", "variant"), self.platform.split("/")))
        return result

    def contents(self) -> Dict[str, bytes]:
        """digest: bytes of everything that a registry must hold for this image, its children included."""
        found = {self.digest: self.content}
        found.update((blob.digest, blob.content) for blob in self.blobs)
        for child in self.children:
            found.update(child.contents())
        return found

    def manifests(self) -> Iterator[Image]:
        """Every manifest below and including this one, children before the index that names them."""
        for child in self.children:
            yield from child.manifests()
        yield self


def digest_of(content: bytes) -> str:
    """The sha256 digest."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def blob(content: bytes, media_type: str) -> Blob:
    """Any bytes as a blob."""
    return Blob(digest_of(content), content, media_type)


def layer(seed: str, size: int = 64, media_type: str = OCI_LAYER) -> Blob:
    """A gzipped tar with one file of ``size`` bytes that do not compress."""
    tar = _tar(f"{hashlib.sha256(seed.encode()).hexdigest()[:12]}.bin", hashlib.shake_256(seed.encode()).digest(size))
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    content = packer.compress(tar) + packer.flush()
    return Blob(digest_of(content), content, media_type, digest_of(tar))


def foreign_layer(seed: str) -> Blob:
    """A layer with ``urls``: named by a manifest, held elsewhere, never pushed."""
    made = layer(seed, media_type=DOCKER_FOREIGN_LAYER)
    return made._replace(urls=(f"https://layers.example.net/{made.digest}",))


def empty_layer(media_type: str = OCI_LAYER) -> Blob:
    """A layer of 0 bytes."""
    return Blob(digest_of(b""), b"", media_type, digest_of(b""))


def image(
    seed: str,
    platform: str = AMD64,
    layers: Optional[Sequence[Blob]] = None,
    *,
    docker: bool = False,
    written: bool = True,
) -> Image:
    """A single-platform image, two layers of its own unless ``layers`` are given; ``written`` False leaves out ``mediaType``."""
    kind = DOCKER_LAYER if docker else OCI_LAYER
    made = [layer(f"{seed}-{number}", media_type=kind) for number in (0, 1)] if layers is None else list(layers)
    config = blob(_dump(_config(seed, platform, made)), DOCKER_CONFIG if docker else OCI_CONFIG)
    return manifest(config, made, docker=docker, written=written)._replace(platform=platform)


def manifest(config: Blob, layers: Sequence[Blob], *, docker: bool = False, written: bool = True, **fields: Any) -> Image:
    """A manifest of exactly this config and these layers; ``fields`` are added to it as they are."""
    media_type = DOCKER_MANIFEST if docker else OCI_MANIFEST
    document = {"schemaVersion": 2, **({"mediaType": media_type} if written else {})}
    document.update(config=config.descriptor(), layers=[made.descriptor() for made in layers], **fields)
    content = _dump(document)
    held = {made.digest: made for made in (config, *layers) if not made.urls}
    return Image(digest_of(content), content, media_type, tuple(held.values()))


def index(children: Sequence[Image], media_type: str = OCI_INDEX, *, written: bool = True) -> Image:
    """An OCI index or Docker manifest list over ``children``, which may be indexes; ``written`` False leaves out ``mediaType``."""
    document = {"schemaVersion": 2, **({"mediaType": media_type} if written else {})}
    document["manifests"] = [child.descriptor() for child in children]
    content = _dump(document)
    return Image(digest_of(content), content, media_type, children=tuple(children))


def attestation(child: Image, seed: str = "") -> Image:
    """What buildx adds for a child: platform unknown/unknown, a tiny config, one in-toto statement that is no archive."""
    statement = blob(_dump({"_type": "https://in-toto.io/Statement/v0.1", "subject": child.digest, "seed": seed}), IN_TOTO)
    config = blob(
        _dump(_config(f"{seed}{child.digest}", "unknown/unknown", [statement._replace(diff_id=statement.digest)])), OCI_CONFIG
    )
    marks = (("vnd.docker.reference.digest", child.digest), ("vnd.docker.reference.type", "attestation-manifest"))
    return manifest(config, [statement])._replace(platform="unknown/unknown", annotations=marks)


def build(
    seed: str, platforms: Sequence[str] = (AMD64, ARM64), shared: Sequence[Blob] = (), *, attestations: bool = True
) -> Image:
    """What one multi-platform buildx build pushes: an index of images and their attestations, on top of ``shared`` layers."""
    images = [image(f"{seed}-{name}", name, [*shared, layer(f"{seed}-{name}")]) for name in platforms]
    return index([*images, *(attestation(child, seed) for child in images if attestations)])


def artifact(seed: str, subject: Optional[Image] = None) -> Image:
    """An OCI artifact with the empty config (2 bytes); with a ``subject`` it is a referrer of it."""
    about: Dict[str, Any] = {}
    if subject is not None:
        about["subject"] = {key: value for key, value in subject.descriptor().items() if key in _PLAIN}
    empty = blob(b"{}", OCI_EMPTY)
    return manifest(empty, [blob(seed.encode(), "text/plain")], artifactType="application/vnd.example.note", **about)


def fallback_tag(subject: Image) -> str:
    """The tag under which registries without the referrers API list the referrers of ``subject``: an index of them."""
    return subject.digest.replace(":", "-")


def schema1(repository: str, tag: str, seed: str = "") -> Image:
    """A Docker schema 1 manifest with one layer, as 2.8 stores it: without signatures, which it adds as it serves it.

    No registry takes it over HTTP as it is: place it on disk.
    """
    made = layer(seed or tag)
    history = [{"v1Compatibility": json.dumps({"id": made.digest.partition(":")[2], "created": _CREATED})}]
    document = {"schemaVersion": 1, "name": repository, "tag": tag, "architecture": "amd64"}
    document.update(fsLayers=[{"blobSum": made.digest}], history=history)
    content = json.dumps(document, indent=3).encode()
    return Image(digest_of(content), content, SCHEMA1_SIGNED, (made,))


_PLAIN = ("mediaType", "size", "digest")
_CREATED = "2026-01-01T00:00:00Z"


def _config(seed: str, platform: str, layers: Sequence[Blob]) -> Dict[str, Any]:
    names = dict(zip(("os", "architecture", "variant"), platform.split("/")))
    history = [{"created": _CREATED, "created_by": seed} for _made in layers]
    rootfs = {"type": "layers", "diff_ids": [made.diff_id for made in layers]}
    return {**names, "created": _CREATED, "config": {}, "rootfs": rootfs, "history": history}


def _dump(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _tar(name: str, content: bytes) -> bytes:
    """A tar with one file and the two blocks of zeros that end it, without padding to a full record."""
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    return entry.tobuf(tarfile.USTAR_FORMAT) + content + b"\0" * (-len(content) % 512 + 1024)
