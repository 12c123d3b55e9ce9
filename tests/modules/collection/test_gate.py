# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the gate refuses on real stores and real binaries, each by name, with nothing changed and the registry never stopped."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import blob_path, layer_path, revision_path
from ansible.module_utils.registry_lab.push import push

from .conftest import broken, files, phases, place_of, with_garbage


def refused(collect, options, root, **more):
    """Collect, and make sure that nothing happened but the gate; returns the result."""
    before = files(root)
    result = collect(options, **more)
    assert (result.get("failed"), result.get("code")) == (True, "gate-refused"), result
    assert files(root) == before
    assert phases(result) == ["gate"]
    assert not result["changed"]
    return result


def codes(result):
    return {refusal["code"] for refusal in result["refusals"]}


def test_untagged_deletion_on_2_would_take_children(place, collect):
    made = place()
    if made.dialect == "3":
        pytest.skip("3.x keeps the children of tagged indexes")
    image = images.build("app")
    push(made.registry, "team/app", "v1", image)
    push(made.registry, "team/app", "latest", image)
    result = refused(collect, made.with_untagged(), made.root)
    lost = {refusal["digest"]: refusal for refusal in result["refusals"]}
    assert {child.digest for child in image.children} <= set(lost)
    one = lost[image.children[0].digest]
    assert (one["code"], one["repository"], one["tags"]) == ("would-lose", "team/app", ["latest", "v1"])
    assert "-m, --delete-untagged" in one["detail"]
    config = image.children[0].blobs[0].digest
    assert (lost[config]["repository"], lost[config]["tags"]) == ("team/app", ["latest", "v1"])


def test_untagged_deletion_would_take_a_referrer(place, collect):
    made = place()
    image = images.image("app")
    push(made.registry, "team/app", "v1", image)
    referrer = images.artifact("sbom", image)
    push(made.registry, "team/app", "", referrer)
    result = refused(collect, made.with_untagged(), made.root)
    assert {("would-lose", referrer.digest)} <= {(each["code"], each["digest"]) for each in result["refusals"]}
    assert all(each["tags"] == ["v1"] for each in result["refusals"])


def test_an_orphan_of_one_repository_that_spoils_another(place, collect):
    """The 3.x contagion: an index in ``aaa`` without its children makes -m sweep the layers of the same index in ``bbb``."""
    made = place()
    image = images.build("shared")
    push(made.registry, "aaa", "v1", image)
    push(made.registry, "bbb", "v1", image)
    for child in image.children:
        os.unlink(revision_path(made.root, "aaa", child.digest))
    result = refused(collect, made.with_untagged(), made.root)
    broken = [each for each in result["refusals"] if each["code"] == "broken-image"]
    assert {(each["repository"], tuple(each["tags"])) for each in broken} == {("aaa", ("v1",))}
    lossy = [each for each in result["refusals"] if each["code"] == "would-lose"]
    assert ("bbb", ["v1"]) in [(each["repository"], each["tags"]) for each in lossy]
    assert image.children[0].blobs[0].digest in {each["digest"] for each in lossy}


@pytest.mark.parametrize("which", ["child", "tag"])
def test_a_broken_image_whose_repair_would_be_swept(which, place, collect):
    made = place()
    image = images.build("app")
    push(made.registry, "team/app", "v1", image)
    lost = image.digest if which == "tag" else image.children[0].digest
    os.unlink(revision_path(made.root, "team/app", lost))
    result = refused(collect, made.options, made.root)
    assert {(each["code"], each["digest"]) for each in result["refusals"]} >= {("broken-image", lost)}


def test_what_2_serves_through_a_layer_link_only(place, collect):
    """2.8 serves such a manifest, so no image is broken; a collection would take what it needs."""
    made = place()
    if made.dialect == "3":
        pytest.skip("3.x serves manifests through revision links only: the image is broken")
    image = images.image("app")
    push(made.registry, "team/app", "v1", image)
    link = Path(layer_path(made.root, "team/app", image.digest))
    link.parent.mkdir()
    os.rename(revision_path(made.root, "team/app", image.digest), link)
    result = refused(collect, made.options, made.root)
    assert codes(result) == {"would-lose"}
    assert {each["digest"] for each in result["refusals"]} == set(image.contents())


def test_an_empty_link_stops_the_collection(place, collect):
    made = place()
    image = images.image("app")
    push(made.registry, "team/app", "v1", image)
    Path(layer_path(made.root, "team/app", image.blobs[0].digest)).write_bytes(b"")
    assert "link-invalid" in codes(refused(collect, made.options, made.root))


def test_an_empty_child_stops_the_collection(place, collect):
    made = place()
    image = images.build("app")
    push(made.registry, "team/app", "v1", image)
    Path(blob_path(made.root, image.children[0].digest)).write_bytes(b"")
    assert codes(refused(collect, made.options, made.root)) == {"broken-image", "dry-run"}


def test_bit_rot_that_only_the_content_shows(place, collect):
    """What the proof afterwards would find must be known before, or it would count as a loss."""
    made = place()
    with_garbage(made)
    image = images.image("rotten")
    push(made.registry, "other", "v1", image)
    blob = Path(blob_path(made.root, image.blobs[-1].digest))
    blob.write_bytes(bytes(len(blob.read_bytes())))
    assert "broken-image" in codes(refused(collect, made.options, made.root, proof="content"))


def test_a_repository_without_layer_links(place, collect):
    """2.8 takes no such folder for a repository, and sweeps what it holds; 3.x stops at it."""
    made = place()
    with_garbage(made)
    empty = images.index([])
    push(made.registry, "only/index", "v1", empty)
    layers = Path(made.root, "docker/registry/v2/repositories/only/index/_layers")
    if layers.exists():
        layers.rmdir()
    result = refused(collect, made.options, made.root)
    assert ("layers-missing", "only/index") in [(each["code"], each["repository"]) for each in result["refusals"]]
    assert "other-store" not in codes(result)
    layers.mkdir()
    assert not collect(made.options).get("failed")
    assert broken(made.registry) == []


def test_signatures_in_a_repository_of_their_own_are_no_damage(place, collect):
    made = place()
    with_garbage(made)
    tag = images.fallback_tag(images.build("kept")) + ".sig"
    push(made.registry, "signatures", tag, images.image("signature"))
    assert not collect(made.options).get("failed")


def test_a_signature_whose_image_was_deleted(place, collect):
    made = place()
    deleted = with_garbage(made)
    push(made.registry, "team/app", images.fallback_tag(deleted) + ".sig", images.image("signature"))
    result = refused(collect, made.options, made.root)
    (refusal,) = [each for each in result["refusals"] if each["digest"] == deleted.digest]
    assert "delete the referrer" in refusal["detail"]


def test_a_folder_that_is_no_repository(place, collect):
    made = place()
    with_garbage(made)
    os.makedirs(Path(made.root, "docker/registry/v2/repositories/Upper/_layers"))
    os.makedirs(Path(made.root, "docker/registry/v2/repositories/Upper/_manifests"))
    result = refused(collect, made.options, made.root)
    assert "invalid-repository" in codes(result)
    assert "Upper" in result["msg"] or any(each["repository"] == "Upper" for each in result["refusals"])


def test_a_repository_without_tags_under_untagged_deletion(place, collect):
    made = place()
    push(made.registry, "team/app", "", images.image("app"))
    tags = Path(made.root, "docker/registry/v2/repositories/team/app/_manifests/tags")
    if tags.exists():
        tags.rmdir()
    assert "tags-missing" in codes(refused(collect, made.with_untagged(), made.root))


def test_a_dry_run_of_another_store(place, collect):
    made, other = place(), place()
    with_garbage(made)
    with_garbage(other)
    push(made.registry, "only/here", "v1", images.image("here"))
    options = made.with_command("dry_run", other.options["commands"]["dry_run"])
    options["commands"]["collect"] = other.options["commands"]["collect"]
    result = refused(collect, options, made.root)
    assert [each["repository"] for each in result["refusals"] if each["code"] == "other-store"] == ["only/here"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("print('all is well')", "none of a dry run"),
        ("pass", "no summary line"),
        ("raise SystemExit('config missing')", "ended with 1: config missing"),
        ("print('3 blobs marked, 1 blobs and 0 manifests eligible for deletion')", "counts 1 blobs"),
        ("print('a'); print('0 blobs marked, 0 blobs and 0 manifests eligible for deletion')", "team/app"),
    ],
)
def test_a_dry_run_that_cannot_be_relied_on(script, said, any_registry, collect):
    made = place_of(any_registry())
    with_garbage(made)
    options = made.with_command("dry_run", [sys.executable, "-c", script, "garbage-collect", "--dry-run", "x"])
    options["commands"]["collect"] = [sys.executable, "-c", script, "garbage-collect", "x"]
    result = refused(collect, options, made.root)
    assert said in result["msg"]


def test_gated_tells_everything_and_fails_never(place, collect):
    made = place()
    with_garbage(made)
    before = files(made.root)
    result = collect(made.with_untagged(), state="gated")
    assert not result.get("failed")
    assert not result["changed"]
    assert result["verdict"] == ("refused" if made.dialect == "2" else "clear")
    assert collect(made.options, state="gated")["verdict"] == "clear"
    assert files(made.root) == before


def test_a_refusal_can_be_overridden_and_is_still_told(place, collect):
    made = place()
    push(made.registry, "team/app", "v1", images.build("app"))
    result = collect(made.with_untagged(), check=True, approve=["override_gate"])
    assert not result.get("failed")
    assert result["verdict"] in ("refused", "nothing")
