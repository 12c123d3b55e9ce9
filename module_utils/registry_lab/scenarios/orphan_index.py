# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The incident: a garbage collection takes the children of tagged indexes away.

On 2.8, ``garbage-collect -m`` does it by itself. 3.x keeps the children of a tagged index, so there they are deleted by digest through
the API, which answers 202 although a tagged index needs them; a plain collection does the rest.
"""

from __future__ import annotations

import contextlib
import os
from typing import Dict, List, NamedTuple, Tuple

from ..binaries import version_of
from ..errors import LabError
from ..graph import Node, nodes_of, tags_of
from ..images import AMD64, ARM64, DOCKER_LIST, build, image, index, layer
from ..place import blob_path, revision_path
from ..process import RegistryProcess
from .stage import Expectation, Scene, Stage, Tagged, push_all


class Child(NamedTuple):
    """A child manifest as it was before the collection."""

    node: Node
    needs: Tuple[str, ...]  # digests of its config and layers
    tags: Tuple[str, ...]  # that need it


def orphan_index(stage: Stage) -> Scene:
    """See the module's text."""
    registry = stage.registry(cache=True)
    images = _images()
    push_all(registry, images)
    sources = (stage.mirror([each for each in images if each[0] == "team/app"]), stage.snapshot(registry))
    before = children_of(registry.root)
    broken = _destroy(registry, before)
    expected = [found for (repository, _digest), child in before.items() for found in lost_of(registry.root, repository, child)]
    if not expected:
        raise LabError("the collection took no child away, so there is nothing to rehearse", where=registry.settings.binary)
    states = [one.state for one in expected]
    counts = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
    return Scene(broken, [f"{len(expected)} children of tagged indexes are lost: {counts}"], expected, sources=sources)


def _images() -> List[Tagged]:
    """Two builds that share layers, the other kinds of index, and what a collection leaves alone."""
    shared = [layer("base"), layer("runtime")]
    first, second = build("build-1", shared=shared), build("build-2", shared=shared)
    listed = index([image("list", name, docker=True) for name in (AMD64, ARM64)], DOCKER_LIST)
    return [
        ("team/app", "build-1", first),
        ("team/app", "latest", first),
        ("team/app", "build-2", second),
        ("team/app", "latest", second),
        ("team/bare", "1.0", index([image("bare", name) for name in (AMD64, ARM64)], written=False)),
        ("team/list", "1.0", listed),
        ("team/single", "1.0", first.children[0]),  # keeps the blobs of a child: that one is only unlinked
        ("tools/cli", "1.0", image("cli")),
    ]


def children_of(root: str) -> Dict[Tuple[str, str], Child]:
    """(repository, digest) of every manifest that an index names, with what it needs."""
    found: Dict[Tuple[str, str], Child] = {}
    for repository, tag in tags_of(root):
        nodes = nodes_of(root, repository, tag)
        for node in nodes:
            if node.parent and node.role == "manifest":
                needs = tuple(other.digest for other in nodes if other.parent == node.digest)
                tags = found[repository, node.digest].tags if (repository, node.digest) in found else ()
                found[repository, node.digest] = Child(node, needs, (*tags, tag))
    return found


def _destroy(registry: RegistryProcess, children: Dict[Tuple[str, str], Child]) -> List[str]:
    if version_of(registry.settings.binary)[0] < 3:
        registry.collect(delete_untagged=True)
        return ["ran the registry's own garbage-collect -m, while it served"]
    for repository, digest in children:
        _delete(registry, repository, digest)
    registry.collect()
    registry.restart()
    return ["deleted every child by digest through the API (this version's -m keeps them)", "ran garbage-collect, then a restart"]


def _delete(registry: RegistryProcess, repository: str, digest: str) -> None:
    with contextlib.closing(registry.connect()) as connection:
        connection.request("DELETE", f"/v2/{repository}/manifests/{digest}")
        status = connection.getresponse().status
    if status != 202:
        raise LabError(f"DELETE answers {status}", where=f"{repository}@{digest}")


def lost_of(root: str, repository: str, child: Child) -> List[Expectation]:
    """What must be reported of a child: nothing where its link is still there."""
    digest = child.node.digest
    if os.path.exists(revision_path(root, repository, digest)):
        return []
    state = "unlinked"
    if not os.path.exists(blob_path(root, digest)):
        state = "gone"
    elif not all(os.path.exists(blob_path(root, needed)) for needed in child.needs):
        state = "hollow"
    return [Expectation("child-missing", repository, digest, child.tags, state)]
