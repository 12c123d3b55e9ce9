# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the scan says of single cases; ``tests/conscience`` holds it against real registries, damage by damage."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import Any

import pytest
from ansible.module_utils.oci_registry.model import MAX_DEPTH
from ansible.module_utils.registry_lab import images

CRITICAL_CHILD = {("child-missing", "critical")}


def lying_index(child: images.Image, size: int) -> images.Image:
    """An index that gives its child another size."""
    honest = images.index([child])
    document = json.loads(honest.content)
    document["manifests"][0]["size"] = size
    content = json.dumps(document).encode()
    return honest._replace(digest=images.digest_of(content), content=content)


def test_a_healthy_store_has_no_findings_and_everything_is_counted(store: Any) -> None:
    report = store.scan()
    assert report.healthy
    assert report.exit_code == 0
    counts = {key: report.summary[key] for key in ("repositories", "tags", "indexes", "manifests", "partial")}
    assert counts == {"repositories": 1, "tags": 1, "indexes": 1, "manifests": 4, "partial": 0}
    assert report.summary["bytes"] == sum(map(len, store.index.contents().values()))


def test_an_empty_store_is_healthy(tmp_path: Any, store: Any) -> None:
    shutil.rmtree(store.root / "docker/registry/v2/repositories")
    assert store.scan().healthy
    assert store.scan().summary["repositories"] == 0


def test_a_descriptor_that_lies_about_a_size_is_told_from_a_truncated_file(store: Any) -> None:
    index = lying_index(images.image("other"), 7)
    store.place("lie", index)
    found = store.finding("blob-truncated")
    assert (found.state, found.digest, found.tags) == ("invalid", index.children[0].digest, ("lie",))


def test_a_truncated_blob_is_told_although_another_descriptor_gives_just_its_size(store: Any) -> None:
    layer = store.child.blobs[-1]
    liar = layer._replace(content=layer.content[:5])
    store.place("liar", images.manifest(images.blob(b"{}", "x"), [liar]))
    store.blob(layer.digest).write_bytes(layer.content[:5])
    assert store.finding("blob-truncated").state == "truncated"


@pytest.mark.parametrize(("levels", "healthy"), [(MAX_DEPTH, True), (MAX_DEPTH + 1, False)])
def test_indexes_nest_to_a_limit(store: Any, levels: int, healthy: bool) -> None:
    image = images.image("deep")
    for _level in range(levels):
        image = images.index([image])
    store.place("deep", image)
    assert store.scan().healthy == healthy
    if not healthy:
        assert "nested deeper" in store.finding("manifest-invalid").detail


def test_schema_1_is_legacy_and_not_broken(store: Any) -> None:
    store.place("old", images.schema1("app", "old"))
    report = store.scan()
    assert report.healthy
    assert report.legacy == ["app:old"]


def test_a_referrer_whose_subject_is_gone_is_a_warning(store: Any) -> None:
    subject = images.image("signed")
    store.place("signature", images.artifact("signature", subject=subject))
    assert store.found() == {("referrer-dangling", "warning", "gone")}
    store.place("", subject)
    assert store.found() == set()


@pytest.mark.parametrize("suffix", ["", ".sig"])
def test_a_referrer_tag_whose_subject_is_unlinked_is_a_warning(store: Any, suffix: str) -> None:
    subject = images.image("signed")
    store.place(images.fallback_tag(subject) + suffix, images.index([images.artifact("signature")]))
    store.place("", subject)
    assert store.found() == set()
    store.revision(subject.digest).unlink()
    assert store.found() == {("referrer-dangling", "warning", "unlinked")}


def test_damage_below_an_untagged_manifest_only_wastes_space(store: Any) -> None:
    untagged = images.image("untagged")
    store.place("", untagged)
    store.blob(untagged.blobs[0].digest).unlink()
    assert store.found() == {("config-missing", "info", "gone")}
    assert store.scan().healthy


def test_a_layer_link_that_leads_nowhere_is_an_orphan_unless_a_manifest_needs_it(store: Any) -> None:
    link = store.layer(images.digest_of(b"never pushed"))
    link.parent.mkdir(parents=True)
    link.write_text(images.digest_of(b"never pushed"))
    assert store.found() == {("layer-link-orphan", "info", "gone")}
    link.unlink()
    store.blob(store.child.blobs[-1].digest).unlink()
    store.revision(store.child.digest).unlink()  # hollow: it is not served, but to serve it again that layer is needed
    assert ("child-missing", "critical", "hollow") in store.found()
    assert "layer-link-orphan" not in {code for code, _severity, _state in store.found()}


def test_what_an_unserved_index_needs_far_below_is_no_orphan(store: Any) -> None:
    inner = images.index([images.image("inner")])
    store.place("outer", images.index([inner]))
    store.revision(inner.digest).unlink()
    store.blob(inner.children[0].blobs[1].digest).unlink()
    store.revision(inner.children[0].digest).unlink()
    assert store.found() == {("child-missing", "critical", "hollow")}


def test_a_hollow_child_says_what_it_lacks(store: Any) -> None:
    config = store.child.blobs[0]
    store.revision(store.child.digest).unlink()
    store.blob(config.digest).unlink()
    found = store.finding("child-missing")
    assert found.state == "hollow"
    assert config.digest in found.detail


def test_an_index_below_an_index_is_hollow_when_what_is_below_it_is_gone(store: Any) -> None:
    inner = images.index([images.image("inner")])
    store.place("outer", images.index([inner]))
    store.revision(inner.digest).unlink()
    assert store.finding("child-missing").state == "unlinked"
    store.blob(inner.children[0].blobs[1].digest).unlink()
    assert store.finding("child-missing").state == "hollow"


@pytest.mark.parametrize("content", [b"", b"garbage", b"sha256:../../../../etc/passwd", b"sha256:" + b"A" * 64, b"x" * 5000])
def test_a_link_without_a_digest_is_reported_with_what_it_holds(store: Any, content: bytes) -> None:
    store.revision(store.child.digest).write_bytes(content)
    assert store.found() == {("child-missing", "critical", "invalid"), ("link-invalid", "critical", "invalid")}
    found = store.finding("link-invalid")
    assert (found.digest, found.tags) == (store.child.digest, ("v1",))
    assert repr(content[:20].decode())[1:10] in found.detail
    assert len(found.detail) < 400


def test_a_link_without_a_digest_that_nobody_needs_is_a_warning(store: Any) -> None:
    history = store.tag().parent.parent / "index" / "sha256" / store.index.digest.partition(":")[2] / "link"
    history.write_bytes(b"")
    assert store.found() == {("link-invalid", "warning", "invalid")}


def test_a_link_that_leads_elsewhere_serves_that_under_the_wrong_name(store: Any) -> None:
    store.revision(store.child.digest).write_text(store.index.children[1].digest)
    assert store.found() >= {("link-invalid", "critical", "invalid")}
    found = next(finding for finding in store.scan().findings if finding.code in ("blob-corrupt", "blob-truncated"))
    assert (found.state, found.repairs) == ("unlinked", ("relink",))


def test_a_blob_under_another_algorithm_is_in_order(store: Any) -> None:
    """What is uploaded by its sha512 is stored by its sha256, with a link from the one to the other."""
    layer = images.layer("sha512")
    long_name = "sha512:" + hashlib.sha512(layer.content).hexdigest()
    store.place("", images.manifest(images.blob(b"{}", "x"), [layer]))
    store.place("long", images.manifest(images.blob(b"{}", "x"), [layer._replace(digest=long_name)]))
    store.blob(long_name).unlink()
    store.layer(long_name).write_text(layer.digest)
    assert store.found(proof="content") == set()
    store.blob(layer.digest).write_bytes(bytes(len(layer.content)))
    assert ("blob-corrupt", "critical", "unlinked") not in store.found(proof="sizes")
    assert "blob-corrupt" in {code for code, _severity, _state in store.found(proof="content")}


def test_what_each_proof_shows(store: Any) -> None:
    short, wrong = images.layer("short"), images.layer("wrong")
    store.place("v2", images.image("v2", layers=[short, wrong]))
    store.blob(short.digest).write_bytes(short.content[:-1])
    store.blob(wrong.digest).write_bytes(bytes(len(wrong.content)))
    truncated, corrupt = ("blob-truncated", "critical", "truncated"), ("blob-corrupt", "critical", "corrupt")
    assert store.found(proof="links") == set()
    assert store.found(proof="sizes") == {truncated}
    assert store.found(proof="content") == {truncated, corrupt}


def test_a_manifest_reached_through_a_layer_link_is_served_by_2_8_only(store: Any) -> None:
    store.revision(store.child.digest).unlink()
    link = store.layer(store.child.digest)
    link.parent.mkdir(parents=True)
    link.write_text(store.child.digest)
    assert store.found(dialect="2") == set()
    assert store.found(dialect="3") == {("child-missing", "critical", "unlinked")}


def test_a_cache_holds_what_was_pulled_and_no_more(store: Any) -> None:
    (store.root / "scheduler-state.json").write_text("{}")
    store.revision(store.child.digest).unlink()
    store.blob(store.index.children[1].blobs[0].digest).unlink()
    store.blob(store.index.children[2].digest).unlink()
    assert store.scan().healthy
    assert store.scan().summary["partial"] >= 3
    assert any("pull-through" in caveat for caveat in store.scan().caveats)
    assert not store.scan(mode="hosted").healthy
    layer = store.child.blobs[-1]
    store.blob(layer.digest).write_bytes(b"")
    assert store.found() == set()  # nothing that is served names it any more
    store.revision(store.child.digest).write_text(store.child.digest)
    assert store.found() == {("blob-truncated", "critical", "truncated")}


def test_repositories_nest_and_what_no_request_can_name_is_said(store: Any) -> None:
    for repository in ("app/web", "app/web/deep", "team/x"):
        store.place("v1", images.image(repository), repository)
    repositories = store.root / "docker/registry/v2/repositories"
    shutil.copytree(repositories / "app", repositories / "App.bak~")
    (repositories / "app" / "_uploads" / "0").mkdir(parents=True)
    report = store.scan()
    assert report.healthy
    assert report.summary["repositories"] == 4
    assert [caveat for caveat in report.caveats if "App.bak~" in caveat]


def test_the_quarantine_is_left_alone(store: Any) -> None:
    shutil.copytree(store.root / "docker", store.root / ".registry-runbooks" / "docker")
    assert store.scan().healthy


def test_a_tag_folder_without_a_link_is_dangling(store: Any) -> None:
    shutil.rmtree(store.tag().parent)
    assert store.found() == {("tag-dangling", "critical", "gone")}
    assert store.finding("tag-dangling").tags == ("v1",)
