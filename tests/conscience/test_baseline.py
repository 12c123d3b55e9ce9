# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Seventeen kinds of damage, one of each in a repository of its own: who sees how many, freshly started and behind a warm cache."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.report import Report
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.binaries import version_of
from ansible.module_utils.registry_lab.damage import BASELINE, Damage, damage
from ansible.module_utils.registry_lab.place import place_on_disk
from ansible.module_utils.registry_lab.process import RegistryProcess

from conscience.stores import scanned, walked

UNSEEN_WITHOUT_CONTENT = {"layer-corrupt"}
BLOBS_IN_THE_CACHE = {"config-gone", "layer-gone", "shared-layer-gone"}  # HEAD says 200 of them, and so does GET, with 0 bytes
LINKS_IN_THE_CACHE = {"layer-link-gone", "layer-link-empty"}
MANIFEST_LINKS_IN_THE_CACHE = {"child-link-gone", "attestation-link-gone", "bare-child-link-gone", "tag-revision-gone"}  # of 3.x


@pytest.fixture(params=["cold", "warm"])
def seventeen(request: pytest.FixtureRequest, registry_binary: str, tmp_path: Path) -> Iterator[RegistryProcess]:
    """A registry with 17 sound repositories, which has served all of it if it is warm, and caches nothing if it is cold."""
    made = RegistryProcess(str(tmp_path / "registry"), registry_binary, cache=request.param == "warm")
    for kind in BASELINE:
        place_on_disk(made.root, kind, "v1", image_for(kind))
    made.start()
    assert walked(made).healthy
    yield made
    made.stop()


def image_for(kind: str) -> images.Image:
    """An image that has what the damage hits, and shares nothing with another repository."""
    if kind.startswith("bare"):
        return images.index([images.image(kind, written=False)], written=False)
    return images.build(kind, shared=[images.layer(f"{kind} base")])


def damage_all(registry: RegistryProcess) -> dict[str, Damage]:
    """One damage of each kind, under the running registry."""
    return {kind: damage(kind, registry.root, kind, "v1") for kind in BASELINE}


def seen_by(report: Report, damages: dict[str, Damage]) -> set[str]:
    """The kinds that a report names with repository and tags, by whatever code; it must accuse nothing else."""
    assert report.complete
    named = {item.repository for item in report.findings if item.tags == damages[item.repository].tags}
    assert named == {item.repository for item in report.findings}
    return named


def test_who_sees_what(seventeen: RegistryProcess) -> None:
    warm, major = seventeen.settings.cache, version_of(seventeen.settings.binary)[0]
    damages = damage_all(seventeen)
    everything = set(BASELINE)
    assert seen_by(scanned(seventeen, "sizes"), damages) == everything - UNSEEN_WITHOUT_CONTENT
    assert seen_by(scanned(seventeen, "content"), damages) == everything
    unseen = hidden_by_a_cache(major) if warm else set()
    assert everything - seen_by(walked(seventeen, "bytes"), damages) == unseen | UNSEEN_WITHOUT_CONTENT
    assert everything - seen_by(walked(seventeen, "content"), damages) == unseen
    seventeen.restart()
    assert seen_by(walked(seventeen, "bytes"), damages) == everything - UNSEEN_WITHOUT_CONTENT
    assert seen_by(walked(seventeen, "content"), damages) == everything


def hidden_by_a_cache(major: int) -> set[str]:
    """What even the bytes do not show while the registry runs: layer links, and with 3.x manifests too."""
    return LINKS_IN_THE_CACHE if major == 2 else LINKS_IN_THE_CACHE | MANIFEST_LINKS_IN_THE_CACHE


@pytest.mark.parametrize("seventeen", ["warm"], indirect=True)
def test_what_a_warm_registry_says_of_blobs_that_are_gone(seventeen: RegistryProcess) -> None:
    damages = damage_all(seventeen)
    for kind in BLOBS_IN_THE_CACHE:
        target = f"/v2/{kind}/blobs/{damages[kind].digest}"
        promised = answer_to(seventeen, "HEAD", target)
        delivered = answer_to(seventeen, "GET", target)
        assert promised[:2] == delivered[:2] and promised[0] == 200 and promised[1] > 0
        assert delivered[2] == 0
    states = {item.state for item in walked(seventeen, "bytes").findings if item.repository in BLOBS_IN_THE_CACHE}
    assert states == {"stale-cache"}
    assert not {item.repository for item in walked(seventeen, "head").findings} & BLOBS_IN_THE_CACHE


def answer_to(registry: RegistryProcess, method: str, target: str) -> tuple[int, int, int]:
    """(status, promised bytes, delivered bytes)."""
    with contextlib.closing(registry.connect()) as connection:
        connection.request(method, target)
        answer = connection.getresponse()
        promised = int(answer.headers["Content-Length"])
        try:
            delivered = answer.read()
        except http.client.IncompleteRead as cut_off:
            delivered = cut_off.partial
        return answer.status, promised, len(delivered)
