# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Every code and every state of docs/findings.md is said of some real damage by one observer or both, and no other word ever is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable

import pytest
from ansible.module_utils.oci_registry.findings import CODES, REPAIRS, ROLES, SEVERITIES, STATES, Finding
from ansible.module_utils.oci_registry.scan import scan
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import KINDS, damage
from ansible.module_utils.registry_lab.place import blob_path, place_on_disk, revision_path, tag_path
from ansible.module_utils.registry_lab.process import RegistryProcess

from conscience.stores import scanned, walked
from conscience.test_baseline import image_for

Wreck = Callable[[str], None]  # gets the rootdirectory


def no_manifest(root: str) -> None:
    """Right bytes, which every registry serves, and no image: an index whose child has a negative size."""
    child = {"mediaType": images.OCI_MANIFEST, "digest": images.digest_of(b"x"), "size": -1}
    made = images.index([images.image("invalid")])
    content = json.dumps({"schemaVersion": 2, "mediaType": images.OCI_INDEX, "manifests": [child]}).encode()
    place_on_disk(root, "no-manifest", "v1", made._replace(content=content, digest=images.digest_of(content)))


def no_subject(root: str) -> None:
    """A signature whose image is gone."""
    subject = images.image("subject")
    place_on_disk(root, "no-subject", "v1", subject)
    place_on_disk(root, "no-subject", images.fallback_tag(subject), images.index([images.artifact("signature", subject=subject)]))
    os.unlink(tag_path(root, "no-subject", "v1"))
    os.rmdir(os.path.dirname(tag_path(root, "no-subject", "v1")))
    os.unlink(revision_path(root, "no-subject", subject.digest))


def of_kind(kind: str) -> Wreck:
    """One of the lab's kinds of damage, in a repository of its own."""

    def wreck(root: str) -> None:
        place_on_disk(root, kind, "v1", image_for(kind))
        damage(kind, root, kind, "v1")

    return wreck


WRECKS: list[Wreck] = [no_manifest, no_subject, *map(of_kind, KINDS)]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    """What both observers say of all of it, before and after the registry dropped its cache."""
    registry = RegistryProcess(str(tmp_path_factory.mktemp("words") / "registry"), cache=True)
    for wreck in WRECKS:
        wreck(registry.root)
    lost = images.image("served and then lost")
    place_on_disk(registry.root, "stale", "v1", lost)
    with registry:
        walked(registry)
        os.unlink(blob_path(registry.root, lost.blobs[-1].digest))
        return walked(registry).findings + scanned(registry).findings


def words(findings: Iterable[Finding], field: str) -> set[str]:
    """Every value of one field."""
    return {getattr(finding, field) for finding in findings}


def test_every_code_is_said(said: list[Finding]) -> None:
    assert words(said, "code") == set(CODES)


def test_every_state_is_said(said: list[Finding]) -> None:
    assert words(said, "state") == set(STATES) - {"partial"}


def test_the_other_words_are_the_documented_ones(said: list[Finding]) -> None:
    assert words(said, "severity") == set(SEVERITIES)
    assert words(said, "role") <= set(ROLES)
    assert {repair for finding in said for repair in finding.repairs} <= set(REPAIRS)
    assert all(finding.repairs for finding in said)


def test_what_a_cache_never_pulled_is_counted_and_not_accused(tmp_path) -> None:
    root, image = str(tmp_path), images.build("pulled in part")
    place_on_disk(root, "app", "v1", image)
    for digest in (image.children[0].digest, image.children[1].blobs[-1].digest):
        os.unlink(blob_path(root, digest))
    assert {finding.code for finding in scan(root, mode="hosted").findings} == {"child-missing", "layer-missing"}
    report = scan(root, mode="cache")
    assert report.healthy and not report.findings
    assert report.summary["partial"] == 2
