# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Every kind of image, on every registry: healthy when whole, and when one thing is lost exactly that is named."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.images import AMD64, ARM64, Blob, Image
from ansible.module_utils.registry_lab.place import blob_path, layer_path, place_on_disk, revision_path, tag_path

BASE = [images.layer("base")]


class Kind(NamedTuple):
    """``lost`` chooses what to lose: a blob, or a child."""

    made: Image
    lost: Callable[[Image], Blob | Image]
    code: str
    role: str
    platform: str
    severity: str = "critical"


def _app(platform: str = AMD64) -> Image:
    return images.image(f"app-{platform}", platform, [*BASE, images.layer(platform)])


def _first_child(made: Image) -> Image:
    return made.children[0]


def _last_blob(made: Image) -> Blob:
    return made.blobs[-1]


KINDS = {
    "OCI index": Kind(images.build("oci"), _first_child, "child-missing", "manifest", AMD64),
    "index without mediaType": Kind(
        images.index([_app(ARM64), _app()], written=False), _first_child, "child-missing", "manifest", ARM64
    ),
    "Docker manifest list": Kind(
        images.index([images.image("docker", docker=True)], images.DOCKER_LIST), _first_child, "child-missing", "manifest", AMD64
    ),
    "nested index": Kind(
        images.index([images.index([_app("linux/arm/v7")])]),
        lambda made: _last_blob(made.children[0].children[0]),
        "layer-missing",
        "layer",
        "linux/arm/v7",
    ),
    "single manifest": Kind(_app(), lambda made: made.blobs[0], "config-missing", "config", ""),
    "single Docker manifest": Kind(images.image("alone", docker=True), _last_blob, "layer-missing", "layer", ""),
    "manifest without mediaType": Kind(images.image("bare", written=False), _last_blob, "layer-missing", "layer", ""),
    "attestation": Kind(
        images.build("attested"), lambda made: made.children[-1], "child-missing", "manifest", "unknown/unknown", "warning"
    ),
    "artifact with an empty config": Kind(images.artifact("chart"), lambda made: made.blobs[0], "config-missing", "config", ""),
    "foreign layer": Kind(
        images.image("windows", layers=[images.foreign_layer("base"), images.layer("own")]),
        _last_blob,
        "layer-missing",
        "layer",
        "",
    ),
    "blob of size 0": Kind(images.image("empty", layers=[images.empty_layer()]), _last_blob, "layer-missing", "layer", ""),
}


@pytest.mark.parametrize("kind", KINDS)
def test_whole_and_with_one_thing_lost(registry, walked, kind):
    made, (image, choose, code, role, platform, severity) = registry(), KINDS[kind]
    place_on_disk(made.root, "a/nested/name", "v1", image)
    whole = walked(made)
    assert whole.healthy and not whole.findings
    assert whole.summary["requests"] == len(image.contents()) + 2  # each digest once, the catalog, the tags
    lost = choose(image)
    path = revision_path if isinstance(lost, Image) else layer_path
    os.unlink(path(made.root, "a/nested/name", lost.digest))
    (finding,) = walked(made).findings
    assert finding._replace(detail="", repairs=(), parent="") == (
        (code, severity, "a/nested/name", ("v1",), lost.digest, "", platform, role, "unknown", "", ())
    )
    assert finding.parent == _parent_of(image, lost.digest)
    assert finding.repairs[0] == "relink"


def _parent_of(image: Image, digest: str) -> str:
    named = ((manifest.digest, {item.digest for item in (*manifest.children, *manifest.blobs)}) for manifest in image.manifests())
    return next(parent for parent, below in named if digest in below)


def test_a_single_manifest_that_is_gone(registry, walked):
    """Once with its link, which nobody can name any more, and once with its bytes only."""
    made, image = registry(), _app()
    for repository in ("unlinked", "gone"):
        place_on_disk(made.root, repository, "v1", image)
    os.unlink(revision_path(made.root, "unlinked", image.digest))
    (finding,) = walked(made).findings
    assert finding[:5] == ("tag-dangling", "critical", "unlinked", ("v1",), image.digest)
    os.unlink(blob_path(made.root, image.digest))
    assert {(item.code, item.repository, item.role) for item in walked(made).findings} == {
        ("tag-dangling", "gone", "tag"),
        ("tag-dangling", "unlinked", "tag"),
    }


@pytest.mark.parametrize("what", ["single", "child"])
def test_schema_1_is_old_and_not_broken(registry, walked, what):
    made, old = registry(), images.schema1("old", "v1")
    image = old if what == "single" else images.index([old, _app()])
    place_on_disk(made.root, "old", "v1", image)
    report = walked(made)
    assert report.healthy and not report.findings
    assert report.legacy == (["old:v1"] if what == "single" else [])


def test_schema_1_where_the_registry_is_told_to_serve_it(any_registry, walked):
    made = any_registry(extra={"compatibility": {"schema1": {"enabled": True}}})
    place_on_disk(made.root, "old", "v1", images.schema1("old", "v1"))
    report = walked(made)
    assert report.healthy and report.legacy == ["old:v1"]


def test_an_index_nested_deeper_than_any_in_the_field(any_registry, walked):
    made, chain = any_registry(), [_app()]
    for _level in range(10):
        chain.append(images.index([chain[-1]]))
    place_on_disk(made.root, "sane", "eight", chain[8])
    place_on_disk(made.root, "deep", "ten", chain[10])
    (finding,) = walked(made).findings
    assert finding[:5] == ("manifest-invalid", "critical", "deep", ("ten",), chain[1].digest)
    assert "deeper than 8" in finding.detail


def test_folders_that_are_no_repositories_leave_the_others_to_be_looked_at(registry, walked):
    made, image = registry(), _app()
    for name in ("Backup", "team/.tmp", "team/app"):
        place_on_disk(made.root, name, "v1", image)
    os.unlink(layer_path(made.root, "team/app", image.blobs[-1].digest))
    report = walked(made)
    assert [(item.code, item.repository) for item in report.findings] == [("layer-missing", "team/app")]
    assert report.complete and report.summary["repositories"] == 1
    assert all(any(name in caveat for caveat in report.caveats) for name in ("'Backup'", "'team/.tmp'"))


def test_folders_that_are_no_tags_leave_the_tags_beside_them_to_be_looked_at(registry, walked):
    """What an rsync or an editor leaves behind: Distribution lists it."""
    made = registry()
    place_on_disk(made.root, "app", "v1", KINDS["OCI index"].made)
    tags = os.path.dirname(os.path.dirname(os.path.dirname(tag_path(made.root, "app", "v1"))))
    for name in ("-bad", ".v1.swp", "a b"):
        os.mkdir(os.path.join(tags, name))
    os.mkdir(os.path.join(tags, "empty"))
    report = walked(made)
    assert [(item.code, item.tags) for item in report.findings] == [("tag-dangling", ("empty",))]
    assert report.complete and report.summary["manifests"] == 4
    assert any("'-bad', '.v1.swp', 'a b'" in caveat for caveat in report.caveats)
