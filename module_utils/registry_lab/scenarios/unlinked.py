# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Revision links are lost, every blob is kept: relinked from what is on disk, with no source at all."""

from __future__ import annotations

from ..damage import damage
from ..images import DOCKER_LIST, build, image, index
from .stage import Expectation, Scene, Stage, push_all

_DAMAGES = (
    ("child-link-gone", "team/app", "1.0", "a child of an index"),
    ("attestation-link-gone", "team/app", "1.0", "an attestation of the same index"),
    ("bare-child-link-gone", "team/bare", "1.0", "a child of an index without mediaType"),
    ("child-link-gone", "team/list", "1.0", "a child of a Docker manifest list"),
    ("tag-revision-gone", "tools/cli", "2", "the manifest that a tag points at"),
)


def unlinked(stage: Stage) -> Scene:
    """See the module's text."""
    registry = stage.registry(cache=False)
    single = image("cli-2")
    push_all(registry, (
        ("team/app", "1.0", build("app-1")),
        ("team/app", "latest", build("app-2")),
        ("team/bare", "1.0", index([image("bare", "linux/amd64"), image("bare", "linux/arm64")], written=False)),
        ("team/list", "1.0", index([image("list", name, docker=True) for name in ("linux/amd64", "linux/arm64")], DOCKER_LIST)),
        ("tools/cli", "1", image("cli-1")),
        ("tools/cli", "2", single),
    ))  # fmt: skip
    expected = []
    broken = []
    for kind, repository, tag, what in _DAMAGES:
        done = damage(kind, registry.root, repository, tag)
        expected += Expectation.of(done)
        broken.append(f"{repository}:{tag}: removed the revision link of {what}")
    return Scene(broken, ["every blob is still on disk: there is no source, and none is needed"], expected)
