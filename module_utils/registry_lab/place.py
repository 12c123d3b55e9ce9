# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Images written straight into a store, in the layout that a push would leave: no server, hence fast and free of its refusals."""

from __future__ import annotations

import os
from typing import Iterator, List

from .images import AMD64, ARM64, Blob, Image, attestation, image, index, layer

_PLATFORMS = (AMD64, ARM64, "linux/arm/v7", "linux/ppc64le", "linux/s390x", "linux/riscv64")


def blob_path(root: str, digest: str) -> str:
    """Path of a blob's ``data`` file below the rootdirectory ``root``."""
    algorithm, _colon, encoded = digest.partition(":")
    return os.path.join(_base(root), "blobs", algorithm, encoded[:2], encoded, "data")


def revision_path(root: str, repository: str, digest: str) -> str:
    """Path of the link that makes ``repository`` serve a manifest."""
    return os.path.join(_repository(root, repository), "_manifests", "revisions", *digest.split(":"), "link")


def layer_path(root: str, repository: str, digest: str) -> str:
    """Path of the link that makes ``repository`` serve a blob."""
    return os.path.join(_repository(root, repository), "_layers", *digest.split(":"), "link")


def tag_path(root: str, repository: str, tag: str) -> str:
    """Path of the link that holds a tag's digest."""
    return os.path.join(_repository(root, repository), "_manifests", "tags", tag, "current", "link")


def place_on_disk(root: str, repository: str, tag: str, made: Image) -> None:
    """Write ``made`` and all that it needs, and tag it; an empty ``tag`` leaves it untagged. ``root`` is the rootdirectory."""
    for manifest in made.manifests():
        _write(blob_path(root, manifest.digest), manifest.content)
        _write(revision_path(root, repository, manifest.digest), manifest.digest.encode())
        for blob in manifest.blobs:
            _write(blob_path(root, blob.digest), blob.content)
            _write(layer_path(root, repository, blob.digest), blob.digest.encode())
    if tag:
        folder = os.path.dirname(os.path.dirname(tag_path(root, repository, tag)))
        _write(os.path.join(folder, "index", *made.digest.split(":"), "link"), made.digest.encode())
        _write(os.path.join(folder, "current", "link"), made.digest.encode(), replace=True)


def make_store(
    root: str,
    repositories: int = 20,
    tags: int = 10,
    platforms: int = 2,
    attestations: int = 2,
    layers: int = 10,
    shared: float = 0.8,
) -> List[str]:
    """Fill ``root`` with repositories ``app-000``… of tags ``v000``…; return the names of the repositories.

    Each tag is an index of ``platforms`` images (at most 6) and ``attestations`` (at most one for each image); each image has
    ``layers`` layers, of which the share ``shared`` is common to all tags of the repository for that platform.
    """
    names = [f"app-{number:03}" for number in range(repositories)]
    for name in names:
        for tag, made in _tagged_images(name, tags, _PLATFORMS[:platforms], attestations, layers, round(layers * shared)):
            place_on_disk(root, name, tag, made)
        os.makedirs(os.path.join(_repository(root, name), "_uploads"), exist_ok=True)
    return names


def _tagged_images(
    name: str, tags: int, platforms: tuple[str, ...], attestations: int, layers: int, shared: int
) -> Iterator[tuple[str, Image]]:
    common = {platform: [layer(f"{name}/{platform}/{number}") for number in range(shared)] for platform in platforms}
    for tag in (f"v{number:03}" for number in range(tags)):
        images = [image(f"{name}:{tag}", key, common[key] + _own_layers(name, tag, key, layers - shared)) for key in platforms]
        yield tag, index([*images, *(attestation(child, tag) for child in images[:attestations])])


def _own_layers(name: str, tag: str, platform: str, count: int) -> List[Blob]:
    return [layer(f"{name}:{tag}/{platform}/{number}") for number in range(count)]


def _base(root: str) -> str:
    return os.path.join(root, "docker", "registry", "v2")


def _repository(root: str, repository: str) -> str:
    return os.path.join(_base(root), "repositories", repository)


def _write(path: str, content: bytes, replace: bool = False) -> None:
    """Write a new file, its folders made on the way; a file that exists stays, as with a real push, unless ``replace``."""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if replace else os.O_EXCL)
    try:
        descriptor = os.open(path, flags, 0o644)
    except FileExistsError:
        return
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        descriptor = os.open(path, flags, 0o644)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)
