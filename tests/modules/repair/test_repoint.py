# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A tag whose image is lost points at another one of its repository, once that is approved and the other was proven intact."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import blob_path, place_on_disk, revision_path, tag_path
from ansible.module_utils.registry_lab.push import push

from .conftest import REPOSITORY, actions, scanned, tree_of, walked

WAYS = ["api", "disk", "both"]
V1, V2, V3 = (f"{REPOSITORY}:v{number}" for number in (1, 2, 3))


def again(image: images.Image, seed: str) -> images.Image:
    """The same build once more: the same images, other attestations."""
    children = [child for child in image.children if child.platform != "unknown/unknown"]
    return images.index([*children, *(images.attestation(child, seed) for child in children)])


class Case:
    """A registry with v1, and v2 and v3 of the same content; v1 has lost an attestation that no source has."""

    def __init__(self, registry, kind: str = "attestation-gone") -> None:
        self.registry = registry
        first = images.build("app")
        self.builds = {"v1": first, "v2": again(first, "second"), "v3": again(first, "third")}
        for tag, build in self.builds.items():
            push(registry, REPOSITORY, tag, build)
        self.written("v3", 100.0)  # so v2 is the newest, and not the last by name
        if kind:
            damage(kind, registry.root, REPOSITORY, "v1")
        registry.restart()

    def written(self, tag: str, seconds: float) -> None:
        os.utime(tag_path(self.registry.root, REPOSITORY, tag), (seconds, seconds))

    def options(self, way: str, **more):
        where = {"path": self.registry.root}
        api = {"registry": self.registry.address, "scheme": "http"}
        dialect = "3" if "registry3" in self.registry.settings.binary or "3.1" in self.registry.settings.binary else "2"
        reach = {"api": api, "disk": where, "both": {**api, **where}}[way]
        return {**reach, "dialect": dialect, "images": [V1], **more}

    def digest_of(self, tag: str) -> str:
        return Path(tag_path(self.registry.root, REPOSITORY, tag)).read_text()


@pytest.fixture
def case(registry):
    return Case(registry())


def image_of(result, tag: str = "v1"):
    (found,) = [image for image in result["images"] if image["tag"] == tag]
    return found


def candidates(result, action: str, tag: str = "v1"):
    return [each for each in image_of(result, tag)["candidates"] if each["action"] == action]


@pytest.mark.parametrize("way", WAYS)
def test_without_approval_it_is_only_proposed(case, repair, way):
    before = tree_of(case.registry.root)
    result = repair(check=True, **case.options(way))
    assert not result["changed"]
    image = image_of(result)
    assert (image["chosen"], image["outcome"], image["why"]) == ("repoint", "remaining", "needs approve: [repoint]")
    assert image["digest"] == case.builds["v1"].digest
    newest = "v3" if way == "api" else "v2"  # over the API nothing tells when a tag was written
    (found,) = candidates(result, "repoint")
    assert (found["digest"], found["possible"], found["approval"], found["cost"]) == (
        case.builds[newest].digest,
        True,
        "repoint",
        "free",
    )
    assert tree_of(case.registry.root) == before


@pytest.mark.parametrize("way", WAYS)
def test_check_do_check_do(case, repair, way):
    options = case.options(way, approve=["repoint"])
    before = tree_of(case.registry.root)
    predicted = repair(check=True, **options)
    assert tree_of(case.registry.root) == before
    done = repair(**options)
    newest = case.builds["v3" if way == "api" else "v2"].digest
    assert case.digest_of("v1") == newest
    assert actions(done) == actions(predicted) == [("repoint", "disk" if way == "disk" else "api")]
    assert done["diff"] == predicted["diff"]
    assert done["diff"]["after"] == {}
    assert (image_of(predicted)["outcome"], image_of(done)["outcome"]) == ("planned", "done")
    assert done["remaining"] == predicted["remaining"] == []
    assert [(record["digest"], record["tags"]) for record in done["proven"]] == [(newest, ["v1"])]
    (step,) = [step for step in done["plan"] if step["action"] == "repoint"]
    assert 0 < step["began"] <= step["ended"]
    assert [each for each in walked(case.registry) if each["tags"]] == []
    for check in (True, False):
        result = repair(check=check, **options)
        assert (result["changed"], result["images"]) == (False, [])


@pytest.mark.parametrize("way", ["disk", "both"])
def test_it_is_undone(case, repair, way):
    done = repair(**case.options(way, approve=["repoint"]))
    assert [entry["path"] for entry in done["quarantine"]] == [tag_path("", REPOSITORY, "v1").lstrip("/")]
    assert repair(path=case.registry.root, undo=done["run_id"])["changed"]
    assert case.digest_of("v1") == case.builds["v1"].digest


def test_a_manifest_that_no_tag_names_will_do_on_disk(case, repair):
    for tag in ("v2", "v3"):
        folder = Path(tag_path(case.registry.root, REPOSITORY, tag)).parents[1]
        folder.rename(case.registry.root + f"/{tag}")
    later = revision_path(case.registry.root, REPOSITORY, case.builds["v3"].digest)
    os.utime(later, (4e9, 4e9))
    assert candidates(repair(check=True, **case.options("disk")), "repoint")[0]["digest"] == case.builds["v3"].digest
    assert not candidates(repair(check=True, **case.options("api")), "repoint")[0]["possible"]


@pytest.mark.parametrize("way", WAYS)
def test_a_broken_one_with_the_same_content_is_passed_over(case, repair, way):
    newest = "v3" if way == "api" else "v2"
    damage("attestation-gone", case.registry.root, REPOSITORY, newest)
    case.registry.restart()
    found = candidates(repair(check=True, **case.options(way)), "repoint")
    assert [(each["digest"], each["possible"]) for each in found] == [
        (case.builds["v2" if way == "api" else "v3"].digest, True),
        (case.builds[newest].digest, False),
    ]
    assert "is not to be had" in found[1]["reason"]


@pytest.mark.parametrize("kind", ["other layers", "a platform less", "a platform more"])
def test_another_content_is_never_taken_by_itself(any_registry, repair, kind):
    registry = any_registry()
    first = images.build("app")
    amd64, arm64 = first.children[:2]
    other = {
        "other layers": images.index([amd64, images.image("other", images.ARM64)]),
        "a platform less": images.index([amd64]),
        "a platform more": images.index([amd64, arm64, images.image("app", "linux/s390x")]),
    }[kind]
    push(registry, REPOSITORY, "v1", first)
    push(registry, REPOSITORY, "v2", other)
    damage("attestation-gone", registry.root, REPOSITORY, "v1")
    registry.restart()
    for reach in ({"path": registry.root}, {"registry": registry.address, "scheme": "http"}):
        result = repair(**reach, images=[V1], approve=["repoint"])
        (found,) = candidates(result, "repoint")
        assert not found["possible"]
        assert "has the same content" in found["reason"]
        assert image_of(result)["outcome"] == "remaining"


def test_the_same_images_under_other_manifests_are_the_same_content(any_registry, repair):
    registry = any_registry()
    layers = [images.layer("one"), images.layer("two")]
    first = images.image("app", images.AMD64, layers)
    config = next(blob for blob in first.blobs if blob not in layers)
    second = images.manifest(config, layers, annotations={"rebuilt": "yes"})._replace(platform=images.AMD64)
    push(registry, REPOSITORY, "v1", images.index([first]))
    push(registry, REPOSITORY, "v2", images.index([second]))
    damage("child-link-gone", registry.root, REPOSITORY, "v1")
    damage("tag-revision-gone", registry.root, REPOSITORY, "v1")
    result = repair(path=registry.root, images=[V1], check=True)
    assert image_of(result)["chosen"] == "relink"
    (found,) = candidates(result, "repoint")
    assert (found["possible"], found["digest"]) == (True, images.index([second]).digest)


@pytest.mark.parametrize("way", WAYS)
def test_the_one_that_is_named(case, repair, way):
    other = images.build("other")
    push(case.registry, REPOSITORY, "other", other)
    for target in ("other", other.digest):
        options = case.options(way, approve=["repoint"], repoint={V1: target})
        result = repair(check=True, **options)
        assert [each["digest"] for each in candidates(result, "repoint")] == [other.digest]
    assert repair(**options)["changed"]
    assert case.digest_of("v1") == other.digest
    assert not repair(**options)["changed"]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("missing", "there is no tag missing"),
        ("sha256:" + "0" * 64, "is not to be had"),
        ("amd64", "lacks linux/arm64"),
        ("alone", "lacks all but 1 of linux/amd64, linux/arm64"),
        ("broken", "is not to be had"),
    ],
)
@pytest.mark.parametrize("way", ["api", "disk"])
def test_what_must_not_be_named(any_registry, repair, way, target, says):
    case = Case(any_registry())
    push(case.registry, REPOSITORY, "amd64", images.index([case.builds["v1"].children[0]]))
    push(case.registry, REPOSITORY, "alone", case.builds["v1"].children[0])
    push(case.registry, REPOSITORY, "broken", images.build("broken"))
    damage("layer-gone", case.registry.root, REPOSITORY, "broken")
    case.registry.restart()
    options = case.options(way, approve=["repoint"], repoint={V1: target})
    before = tree_of(case.registry.root, own=False)
    for check in (True, False):
        result = repair(check=check, **options)
        assert (result["failed"], result["code"]) == (True, "bad-input")
        assert says in result["msg"]
    assert tree_of(case.registry.root, own=False) == before
    if target == "amd64":
        assert repair(**options, allow_lost_platforms=True)["changed"]


def test_a_sound_tag_stays_although_it_was_named(any_registry, repair):
    case = Case(any_registry(), kind="")
    result = repair(**case.options("both", approve=["repoint", "delete"], repoint={V1: "v2"}, delete=[V3]))
    assert not result["changed"]
    assert [(image["tag"], image["outcome"]) for image in result["images"]] == [("v1", "skipped"), ("v3", "skipped")]
    assert not repair(**case.options("both", approve=["repoint"], repoint={V2: "v2"}))["images"]


def test_a_tag_that_is_dead_points_at_what_was_named(any_registry, repair):
    case = Case(any_registry(), kind="")
    damage("tag-misdirected", case.registry.root, REPOSITORY, "v1")
    result = repair(**case.options("both", approve=["repoint"], repoint={V1: "v2"}))
    assert image_of(result)["outcome"] == "done"
    assert case.digest_of("v1") == case.builds["v2"].digest
    assert scanned(case.registry.root) == []


def test_a_registry_that_refuses_is_changed_on_disk(any_registry, repair):
    case = Case(any_registry())
    case.registry.configure(extra={"storage": {"maintenance": {"readonly": {"enabled": True}}}})
    case.registry.restart()
    refused = repair(**case.options("api", approve=["repoint"]))
    assert refused["failed"]
    assert image_of(refused)["outcome"] == "failed"
    assert "405" in image_of(refused)["why"]
    result = repair(**case.options("both", approve=["repoint"]))
    assert actions(result) == [("repoint", "disk")], result["msg"]
    assert case.digest_of("v1") == case.builds["v2"].digest


def test_a_tag_pushed_meanwhile_is_left_alone(broken, repair, monkeypatch, tmp_path):
    from ansible.module_utils.oci_registry.drawing import Drawing

    root, first = str(tmp_path / "store"), images.build("app")
    place_on_disk(root, REPOSITORY, "v1", first)
    place_on_disk(root, REPOSITORY, "v2", again(first, "second"))
    os.unlink(blob_path(root, first.children[2].digest))
    draw = Drawing.draw

    def pushed_after(self, wanted):
        drawn = draw(self, wanted)
        place_on_disk(root, REPOSITORY, "v1", images.build("newer"))
        return drawn

    monkeypatch.setattr(Drawing, "draw", pushed_after)
    result = repair(path=root, images=[V1], approve=["repoint"])
    assert (image_of(result)["outcome"], result["changed"]) == ("skipped", False)
    assert Path(tag_path(root, REPOSITORY, "v1")).read_text() == images.build("newer").digest
