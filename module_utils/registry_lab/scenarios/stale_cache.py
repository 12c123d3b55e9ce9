# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Blobs vanish under a running registry whose cache goes on answering 200 for them: a HEAD says healthy, every pull fails."""

from __future__ import annotations

import contextlib
from typing import Iterator, List, Tuple

from ..damage import Damage, damage
from ..errors import LabError
from ..images import Blob, Image, build, image
from ..process import RegistryProcess
from .stage import SEEN_BY_BYTES, Expectation, Scene, Stage, push_all

_DAMAGES = (("layer-gone", "team/app", "1.0", "a layer"), ("config-gone", "team/tool", "1.0", "a config"))


def stale_cache(stage: Stage) -> Scene:
    """See the module's text."""
    registry = stage.registry(cache=True)
    images = (
        ("team/app", "1.0", build("stale-app")),
        ("team/tool", "1.0", image("stale-tool")),
        ("team/intact", "1.0", image("intact")),
    )
    push_all(registry, images)
    source = stage.mirror(images)
    _warm(registry, [(repository, made.digest) for name, _tag, top in images for repository, made in _blobs(name, top)])
    done = [damage(kind, registry.root, repository, tag) for kind, repository, tag, _what in _DAMAGES]
    expected = [each for one in done for each in Expectation.of(one, SEEN_BY_BYTES)]
    broken = [f"{repository}:{tag}: removed {what} under the running registry" for _kind, repository, tag, what in _DAMAGES]
    return Scene(broken, [_lie(registry, one) for one in done], expected, ("head", "bytes"), (source,))


def _blobs(repository: str, top: Image) -> Iterator[Tuple[str, Blob]]:
    for manifest in top.manifests():
        for made in manifest.blobs:
            yield repository, made


def _warm(registry: RegistryProcess, blobs: List[Tuple[str, str]]) -> None:
    """Ask for each blob once, so that the registry keeps its size in memory."""
    for repository, digest in blobs:
        if _head(registry, repository, digest) != 200:
            raise LabError("was pushed, and is not served", where=f"{repository}@{digest}")


def _lie(registry: RegistryProcess, done: Damage) -> str:
    """Show that the registry still claims to have what was removed; LabError if it tells the truth."""
    status = _head(registry, done.repository, done.digest)
    if status != 200:
        raise LabError(f"HEAD answers {status}: the cache does not hide it", where=f"{done.repository}@{done.digest}")
    return f"HEAD {done.repository}@{done.digest} still answers 200, and its file is gone"


def _head(registry: RegistryProcess, repository: str, digest: str) -> int:
    with contextlib.closing(registry.connect()) as connection:
        connection.request("HEAD", f"/v2/{repository}/blobs/{digest}")
        return connection.getresponse().status
