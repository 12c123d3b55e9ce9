# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the registries hold: images at the upstream, one platform of some in the caches, builds of a CI in the hosted one."""

from __future__ import annotations

import json
from typing import Dict, List, Sequence, Tuple

from ..errors import LabError
from ..images import AMD64, ARM64, Image, build, image, index
from ..place import place_on_disk
from ..push import push
from .front import Front
from .spec import CACHES, HOSTED, USER, Service, Vm

#: cache: the images of the upstream that its users pull, as (repository, tag).
_UPSTREAM: Dict[str, Sequence[Tuple[str, str]]] = {
    "dockerhub": (("library/alpine", "3.20"), ("library/postgres", "16"), ("library/redis", "7")),
    "ghcr": (("acme/scanner", "v1.4.0"), ("acme/scanner", "v1.5.0")),
    "quay": (("prometheus/prometheus", "v2.55.0"), ("cilium/cilium", "v1.16.3")),
    "k8s": (("pause", "3.10"), ("coredns/coredns", "v1.11.3")),
    "kyverno": (("kyverno/kyverno", "v1.13.0"), ("kyverno/kyverno", "v1.13.1")),
}
#: What the hosted registry's CI has built, oldest first; the last of each is also ``latest``.
_BUILDS: Dict[str, Sequence[str]] = {
    "infra-ci": ("1f0c2aa", "8d21b07", "c4e9f13"),
    "shop/api": ("v1.0.0", "v1.1.0", "v1.1.1"),
    "shop/web": ("v2.3.0", "v2.4.0"),
}
_PLATFORMS = {"infra-ci": (AMD64,)}


def fill_upstream(vm: Vm) -> None:
    """Write the upstream's store."""
    for images in _UPSTREAM.values():
        for repository, tag in images:
            place_on_disk(vm.path("upstream"), repository, tag, _upstream_image(repository, tag))


def _upstream_image(repository: str, tag: str) -> Image:
    return index([image(f"{repository}:{tag}-{platform}", platform) for platform in (AMD64, ARM64)])


def push_builds(vm: Vm) -> None:
    """Push to the hosted registry what its CI has built."""
    front, credentials = Front(vm, HOSTED), (USER, vm.password)
    for repository, tags in _BUILDS.items():
        for tag in tags:
            made = build(f"{repository}:{tag}", _PLATFORMS.get(repository, (AMD64, ARM64)))
            push(front, repository, tag, made, credentials)
        push(front, repository, "latest", made, credentials)


def warm_caches(vm: Vm) -> None:
    """Pull one platform of all but the last image through each cache: it then holds half of each index."""
    for service in CACHES:
        for repository, tag in _UPSTREAM[service.store][:-1]:
            _pull(Front(vm, service), repository, tag)


def _pull(front: Front, repository: str, tag: str) -> None:
    """Fetch an image for AMD64, as a client on such a machine does."""
    base = f"/v2/{repository}"
    children = json.loads(_fetch(front, f"{base}/manifests/{tag}"))["manifests"]
    child = next(one["digest"] for one in children if one["platform"]["architecture"] == "amd64")
    manifest = json.loads(_fetch(front, f"{base}/manifests/{child}"))
    for blob in _blobs(manifest):
        _fetch(front, f"{base}/blobs/{blob}")


def _blobs(manifest: Dict[str, List[Dict[str, str]]]) -> List[str]:
    named = [manifest["config"], *manifest["layers"]]
    return [descriptor["digest"] for descriptor in named]  # type: ignore[index]


def _fetch(front: Front, path: str) -> bytes:
    status, body = front.get(path)
    if status != 200:
        raise LabError(f"a cache answered {status} to GET {path}: {body[:300]!r}")
    return body


def held(service: Service) -> Sequence[str]:
    """Repositories in a service, once the lab is filled."""
    if service is HOSTED:
        return sorted(_BUILDS)
    return sorted({repository for repository, _tag in _UPSTREAM[service.store][:-1]})
