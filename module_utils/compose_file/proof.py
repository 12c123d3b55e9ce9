# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Asks the registry of an image for all of it before anybody pins to it."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping

from ..oci_registry.client import Client
from ..oci_registry.digest import is_digest, sha256_of
from ..oci_registry.errors import ApplyFailed, BadInput
from ..oci_registry.options import concurrency_from, settings_from
from ..oci_registry.reference import Reference
from ..oci_registry.walk import walk
from .images import HUB, normalised

_HUB_API = "registry-1.docker.io"


def prove_images(images: Iterable[str], params: Mapping[str, Any]) -> Dict[str, str]:
    """Digests by image, each proven complete by bytes. ``params`` are the connection options; ``registry`` None asks each image's own.

    Raises BadInput for an image that is broken or not there, and the client's errors where its registry cannot be asked.
    """
    return {image: _prove(image, params) for image in dict.fromkeys(images)}


def _prove(image: str, params: Mapping[str, Any]) -> str:
    reference = normalised(image)
    registry = params["registry"] or (_HUB_API if reference.registry == HUB else reference.registry)
    with Client(settings_from({**params, "registry": registry})) as client:
        digest = _digest(client, image, reference)
        report = walk(client, images=[reference._replace(digest=digest)], concurrency=concurrency_from(params))
    if not report.complete:
        raise ApplyFailed(f"{image} could not be proven: {report.problems[0]}", where=registry, advice="Nothing was written")
    if not report.healthy:
        raise BadInput(f"{image} is broken: {_first(report.as_dict()['findings'])}", where=registry, advice="Nothing was written")
    return digest


def _digest(client: Client, image: str, reference: Reference) -> str:
    if reference.digest:
        return reference.digest
    answer = client.get_manifest(reference.repository, reference.target)
    if answer.status != 200:
        raise BadInput(f"{image} is not there (status {answer.status})", where=client.address, advice="Nothing was written")
    named = answer.headers.get("docker-content-digest", "")
    return named if is_digest(named) else sha256_of(answer.body)


def _first(findings: List[Dict[str, Any]]) -> str:
    first = findings[0]
    rest = f" and {len(findings) - 1} more" if findings[1:] else ""
    return f"{first['code']} {first['role']} {first['digest']}{rest}"
