# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Descriptors and manifests: the nodes and edges of the image graph, parsed from bytes that nobody vouched for.

Sources: OCI image specification 1.1 (``image-index.md``, ``manifest.md``, ``descriptor.md``) and the Docker image
manifest specification version 2, schemas 1 and 2.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator, NamedTuple, Optional, Tuple

from .digest import DIGEST

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+json"
DOCKER_SCHEMA1_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"

INDEX_TYPES = frozenset((OCI_INDEX, DOCKER_LIST))
IMAGE_TYPES = frozenset((OCI_MANIFEST, DOCKER_MANIFEST))
#: What a request for a manifest accepts, in the order of preference.
ACCEPT = (OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST, DOCKER_SCHEMA1_SIGNED, DOCKER_SCHEMA1)

#: Distribution refuses larger manifests (``maxManifestBodySize``), so no healthy one is larger.
MAX_MANIFEST_BYTES = 4 * 1024 * 1024
#: How deep indexes may nest. Nothing in the field nests deeper than two; a chain is only ever hostile.
MAX_DEPTH = 8
MAX_BLOB_BYTES = 1 << 50

_ATTESTATION = "attestation-manifest"


class InvalidManifest(ValueError):
    """The bytes are no manifest of a known kind; the message says why."""


class Descriptor(NamedTuple):
    """What a manifest says of something it refers to: digest, size in bytes, media type, and for children the platform."""

    digest: str
    size: int
    media_type: str = ""
    platform: str = ""  # "linux/arm64/v8"; empty where the descriptor has none
    attestation: bool = False
    foreign: bool = False  # has ``urls``: need not be present


Known = Dict[str, Descriptor]


class Manifest(NamedTuple):
    """One parsed manifest. An index has ``children``; an image has ``config`` and ``layers``; ``legacy`` is schema 1."""

    kind: str  # "index", "image" or "legacy"
    media_type: str  # as written in the manifest, else the one its shape stands for
    children: Tuple[Descriptor, ...] = ()
    config: Optional[Descriptor] = None
    layers: Tuple[Descriptor, ...] = ()
    subject: Optional[Descriptor] = None

    def blobs(self) -> Iterator[Descriptor]:
        """Config and layers that must be present: foreign layers are left out."""
        if self.config is not None:
            yield self.config
        for layer in self.layers:
            if not layer.foreign:
                yield layer

    def references(self) -> Iterator[Descriptor]:
        """All that must be present: children, config and layers."""
        yield from self.children
        yield from self.blobs()


def parse_manifest(content: bytes, known: Optional[Known] = None) -> Manifest:
    """Parse manifest bytes; raise :class:`InvalidManifest` for anything that is no manifest of a known kind.

    An index without ``mediaType`` is recognised by its ``manifests`` list, as OCI allows. ``known`` collects descriptors of configs
    and layers by digest: whoever parses many manifests with the same one has equal descriptors share their memory.
    """
    if len(content) > MAX_MANIFEST_BYTES:
        raise InvalidManifest(f"{len(content)} bytes: larger than the {MAX_MANIFEST_BYTES} that a registry accepts")
    if not content:
        raise InvalidManifest("0 bytes")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidManifest(f"no JSON ({str(error)[:80]})") from None
    if not isinstance(document, dict):
        raise InvalidManifest("JSON, but no object")
    version = document.get("schemaVersion")
    if version == 1:
        return Manifest("legacy", DOCKER_SCHEMA1_SIGNED if "signatures" in document else DOCKER_SCHEMA1)
    if version != 2:
        raise InvalidManifest(f"schemaVersion is {_shown(version, 20)}, not 2")
    return _parse_schema2(document, {} if known is None else known)


def _parse_schema2(document: Dict[str, Any], known: Known) -> Manifest:
    media_type = _media_type(document, "manifest")
    subject = document.get("subject")
    about = _descriptor(subject, "subject") if subject is not None else None
    if media_type in INDEX_TYPES or (not media_type and isinstance(document.get("manifests"), list)):
        children = document.get("manifests")
        if not isinstance(children, list):
            raise InvalidManifest("an index without a manifests list")
        return Manifest("index", media_type or OCI_INDEX, tuple([_child(item) for item in children]), subject=about)
    if media_type in IMAGE_TYPES or (not media_type and "config" in document):
        layers = document.get("layers")
        if layers is None:  # a writer that has none may write null
            layers = []
        if not isinstance(layers, list):
            raise InvalidManifest("layers is no list")
        config = _blob(document.get("config"), "config", known)
        return Manifest(
            "image", media_type or OCI_MANIFEST, (), config, tuple([_blob(item, "layer", known) for item in layers]), about
        )
    raise InvalidManifest(f"mediaType is {_shown(media_type, 100)}" if media_type else "neither an index nor an image")


def _descriptor(item: Any, role: str) -> Descriptor:
    try:
        digest, size = item["digest"], item["size"]
    except (TypeError, KeyError):
        raise InvalidManifest(f"a {role} descriptor without digest and size") from None
    if type(digest) is not str or DIGEST.match(digest) is None:
        raise InvalidManifest(f"a {role} digest that is none: {_shown(digest, 100)}")
    if type(size) is not int or not 0 <= size <= MAX_BLOB_BYTES:
        raise InvalidManifest(f"a {role} size that is none: {_shown(size, 40)}")
    return Descriptor(digest, size, _media_type(item, role), foreign=bool(item.get("urls")))


def _media_type(item: Dict[str, Any], role: str) -> str:
    """The ``mediaType`` of a manifest or descriptor, empty where there is none: JSON may hold anything in its place."""
    media_type = item.get("mediaType")
    if media_type is not None and type(media_type) is not str:
        raise InvalidManifest(f"a {role} mediaType that is none: {_shown(media_type, 100)}")
    return media_type or ""


def _shown(value: Any, limit: int) -> str:
    """What stands there instead, for people. Lists and objects by their kind alone: they may nest deeper than Python prints."""
    return repr(str(value)[:limit]) if value is None or isinstance(value, (str, int, float)) else f"a {type(value).__name__}"


def _blob(item: Any, role: str, known: Known) -> Descriptor:
    """The descriptor of a config or layer: the known one if it is equal."""
    if type(item) is dict and type(item.get("digest")) is str and type(item.get("size")) is int:
        found = known.get(item["digest"])
        is_same = found == (item["digest"], item["size"], item.get("mediaType") or "", "", False, bool(item.get("urls")))
        if found is not None and is_same:
            return found
    descriptor = _descriptor(item, role)
    known.setdefault(descriptor.digest, descriptor)
    return descriptor


def _child(item: Any) -> Descriptor:
    child = _descriptor(item, "child")
    platform = item.get("platform")
    annotations = item.get("annotations")
    text = _platform_text(platform) if isinstance(platform, dict) else ""
    marked = isinstance(annotations, dict) and annotations.get("vnd.docker.reference.type") == _ATTESTATION
    return child._replace(platform=text, attestation=marked)


def _platform_text(platform: Dict[str, Any]) -> str:
    parts = [platform.get("os"), platform.get("architecture"), platform.get("variant")]
    text = "/".join(part[:40] for part in parts if part and isinstance(part, str))
    return "".join(char if char.isprintable() else "?" for char in text)  # nobody vouched for what a terminal would make of it
