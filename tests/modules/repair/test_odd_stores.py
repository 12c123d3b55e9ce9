# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Stores and images that are unlike most: pull-through caches, blobs of 0 bytes, digests of other algorithms, artifacts."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.scan import scan
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import blob_path, layer_path, place_on_disk, revision_path
from ansible.module_utils.registry_lab.push import push

from .conftest import REPOSITORY, TAG, actions, scanned, two_platforms, walked


@pytest.fixture
def cache(tmp_path) -> tuple[str, images.Image]:
    """The store of a pull-through cache: of two platforms only one was pulled."""
    root, image = str(tmp_path / "cache"), two_platforms()
    place_on_disk(root, REPOSITORY, TAG, image)
    Path(root, "scheduler-state.json").write_text("{}")
    for missing in image.children[1:]:
        os.unlink(blob_path(root, missing.digest))
        os.unlink(revision_path(root, REPOSITORY, missing.digest))
    return root, image


def test_what_a_cache_never_pulled_is_nothing_to_repair(cache, repair):
    root, _image = cache
    result = repair(path=root, images=[f"{REPOSITORY}:{TAG}"])
    assert not result["changed"]
    assert result["remaining"] == []
    assert result["diff"]["before"] == {}
    assert any("a pull-through cache fetches it" in step["reason"] for step in result["plan"])


def test_a_damaged_file_of_a_cache_is_replaced_or_moved_aside(cache, repair, tmp_path):
    root, image = cache
    damage("layer-emptied", root, REPOSITORY, TAG)
    findings = scan(root, mode="cache", proof="content").as_dict()["findings"]
    result = repair(path=root, findings=findings)
    assert [(left["state"], left["next"]) for left in result["remaining"]] == [("truncated", ["quarantine"])]
    moved = repair(path=root, findings=findings, approve=["quarantine"])
    assert actions(moved) == [("quarantine", "disk")]
    assert moved["remaining"] == []
    assert scan(root, mode="cache", proof="content").as_dict()["findings"] == []
    assert not repair(path=root, findings=findings, approve=["quarantine"])["changed"]
    repair(path=root, undo=moved["run_id"])
    full = str(tmp_path / "full")
    place_on_disk(full, REPOSITORY, TAG, image)
    restored = repair(path=root, findings=findings, sources=[{"type": "snapshot", "path": full}])
    assert actions(restored) == [("restore", "disk")]


def test_a_lost_blob_of_no_bytes(registry, repair):
    made, empty = registry(), images.empty_layer()
    image = images.image("app", layers=[empty, images.layer("one")])
    push(made, REPOSITORY, TAG, image)
    push(made, "other/app", TAG, image)
    mirror = registry()
    push(mirror, REPOSITORY, TAG, image)
    os.unlink(blob_path(made.root, empty.digest))
    made.restart()
    sources = [
        {"type": "repository", "repository": "other/app"},
        {"type": "registry", "registry": mirror.address, "scheme": "http"},
    ]
    result = repair(path=made.root, registry=made.address, scheme="http", findings=scanned(made.root), sources=sources)
    assert [step["source"] for step in result["plan"] if step["action"] == "restore"] == [f"registry {mirror.address}"]
    assert scanned(made.root) == []
    assert walked(made) == []


def test_a_layer_named_by_its_sha512(registry, repair):
    """The registry stores it by its sha256, and the link of the sha512 leads there: that is no damage."""
    made, plain = registry(), images.layer("plain")
    named = plain._replace(digest="sha512:" + hashlib.sha512(plain.content).hexdigest())
    image = images.image("app", layers=[named, images.layer("other")])
    push(made, REPOSITORY, TAG, image)
    options = {"path": made.root, "registry": made.address, "scheme": "http", "images": [f"{REPOSITORY}:{TAG}"]}
    untouched = repair(**options)
    assert not untouched["changed"]
    assert untouched["remaining"] == []
    os.unlink(layer_path(made.root, REPOSITORY, named.digest))
    made.restart()
    mirror = registry()
    push(mirror, REPOSITORY, TAG, image)
    result = repair(**options, sources=[{"type": "registry", "registry": mirror.address, "scheme": "http"}])
    assert result["changed"], result
    assert result["remaining"] == []
    assert walked(made) == []
    assert not repair(**options)["changed"]


def test_an_artifact_whose_subject_lost_its_link(registry, repair):
    made, image = registry(), images.image("app")
    note = images.artifact("signed", image)
    push(made, REPOSITORY, TAG, image)
    push(made, REPOSITORY, images.fallback_tag(image), images.index([note]))
    os.unlink(revision_path(made.root, REPOSITORY, image.digest))
    findings = scanned(made.root)
    assert "referrer-dangling" in {finding["code"] for finding in findings}
    dangling = [finding for finding in findings if finding["code"] == "referrer-dangling"]
    result = repair(path=made.root, registry=made.address, scheme="http", findings=dangling)
    assert actions(result) == [("relink", "api")]
    assert scanned(made.root) == []


def test_a_tag_that_was_misdirected_is_told_what_it_was_pushed_as(broken, repair):
    case = broken("tag-misdirected")
    (left,) = repair(**case.on_disk)["remaining"]
    assert case.image.digest in left["why"]
    assert left["next"] == ["repoint", "rebuild"]


def test_an_index_that_nests_stays_usable_for_the_platforms_that_are_left(registry, repair):
    """One child is lost for good: the index is linked on disk all the same, since no registry would take it."""
    made = registry()
    inner = images.index([images.image("a"), images.image("b", images.ARM64)])
    outer = images.index([inner, images.image("c", "linux/s390x")])
    push(made, REPOSITORY, TAG, outer)
    os.unlink(blob_path(made.root, inner.children[1].digest))
    os.unlink(revision_path(made.root, REPOSITORY, outer.digest))
    made.restart()
    result = repair(path=made.root, registry=made.address, scheme="http", images=[f"{REPOSITORY}:{TAG}"])
    assert actions(result) == [("relink", "disk")]
    assert [left["digest"] for left in result["remaining"]] == [inner.children[1].digest]
    assert {finding["digest"] for finding in walked(made)} == {inner.children[1].digest}


def test_a_manifest_that_is_none_remains(broken, repair, tmp_path):
    root = str(tmp_path / "odd")
    content = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.example.odd+json"}).encode()
    odd = images.Image(images.digest_of(content), content, "application/vnd.example.odd+json")
    place_on_disk(root, REPOSITORY, TAG, odd)
    result = repair(path=root, images=[f"{REPOSITORY}:{TAG}"])
    assert not result["changed"]
    assert [(left["state"], left["next"]) for left in result["remaining"]] == [("invalid", ["repoint", "rebuild"])]
