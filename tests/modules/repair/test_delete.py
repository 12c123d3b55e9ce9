# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Broken tags that go: those that were named, and those that are not in use and nothing else can repair; never what others need."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.drawing import Drawing
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import tag_path
from ansible.module_utils.registry_lab.push import push

from .conftest import REPOSITORY, actions, tree_of

WAYS = ["api", "disk", "both"]
IMAGE = f"{REPOSITORY}:v1"


class Lost:
    """A registry with v1, of which a layer is lost for good, and v2, which is sound."""

    def __init__(self, registry) -> None:
        self.registry = registry
        self.image = images.build("app")
        push(registry, REPOSITORY, "v1", self.image)
        push(registry, REPOSITORY, "v2", images.build("sound"))
        damage("layer-gone", registry.root, REPOSITORY, "v1")
        registry.restart()

    def options(self, way: str, **more):
        where, api = {"path": self.registry.root}, {"registry": self.registry.address, "scheme": "http"}
        reach = {"api": api, "disk": where, "both": {**api, **where}}[way]
        return {**reach, "dialect": self.dialect, "images": [IMAGE], "in_use": [], **more}

    @property
    def dialect(self) -> str:
        return "3" if "registry3" in self.registry.settings.binary or "3.1" in self.registry.settings.binary else "2"

    @property
    def tags(self) -> list[str]:
        return sorted(path.name for path in Path(tag_path(self.registry.root, REPOSITORY, "v1")).parents[2].iterdir())


@pytest.fixture
def lost(registry):
    return Lost(registry())


def only(result):
    (image,) = result["images"]
    return image["chosen"], image["outcome"]


def delete_of(result):
    (image,) = result["images"]
    (found,) = [each for each in image["candidates"] if each["action"] == "delete"]
    return found


@pytest.mark.parametrize("way", WAYS)
def test_check_do_check_do(lost, repair, way):
    options = lost.options(way, approve=["delete"])
    before = tree_of(lost.registry.root)
    predicted = repair(check=True, **options)
    assert tree_of(lost.registry.root) == before
    assert only(predicted) == ("delete", "planned")
    done = repair(**options)
    assert only(done) == ("delete", "done"), done["msg"]
    assert actions(done) == actions(predicted) == [("delete", "api" if way == "api" else "disk")]
    assert done["diff"] == predicted["diff"]
    assert done["diff"]["after"] == {}
    assert done["remaining"] == []
    assert lost.tags == ["v2"]
    for check in (True, False):
        assert not repair(check=check, **options)["changed"]
        named = repair(check=check, **{**options, "delete": [IMAGE]})
        assert (named["changed"], named["images"], named["remaining"]) == (False, [], [])
    if way != "api":
        (entry,) = done["quarantine"]
        assert "expires" not in entry, "what a repair took away stays until somebody removes it"
        assert repair(path=lost.registry.root, undo=done["run_id"])["changed"]
        assert lost.tags == ["v1", "v2"]


@pytest.mark.parametrize(
    ("options", "chosen", "why"),
    [
        ({"in_use": None}, "", "what is in use was not said"),
        ({"in_use": [IMAGE]}, "", "it is in use"),
        ({"in_use": ["DIGEST"]}, "", "it is in use"),
        ({"rebuilds": [{"image": REPOSITORY, "way": "ci"}]}, "rebuild", "something else is possible"),
        ({"approve": []}, "delete", "nothing else is possible"),
    ],
)
def test_it_stays(any_registry, repair, options, chosen, why):
    lost = Lost(any_registry())
    given = {**lost.options("disk", approve=["delete"]), **options}
    if given["in_use"] == ["DIGEST"]:
        given["in_use"] = [f"{REPOSITORY}@{lost.image.digest}"]
    result = repair(**given)
    assert only(result) == (chosen, "remaining")
    assert why in delete_of(result)["reason"]
    assert not result["changed"]
    assert lost.tags == ["v1", "v2"]


def test_what_was_named_goes_although_it_is_in_use(any_registry, repair):
    lost = Lost(any_registry())
    rebuilds = [{"image": REPOSITORY, "way": "ci"}]
    options = lost.options("disk", approve=["delete", "rebuild"], in_use=[IMAGE], delete=[IMAGE], rebuilds=rebuilds)
    assert only(repair(**options)) == ("delete", "done")
    assert lost.tags == ["v2"]


@pytest.mark.parametrize("why", ["another tag", "a referrer"])
def test_a_manifest_that_something_else_needs_does_not_go(any_registry, repair, why):
    """2.x over the API can only delete the manifest; the rest of the run goes on."""
    lost = Lost(any_registry())
    if why == "another tag":
        push(lost.registry, REPOSITORY, "above", images.index([lost.image]))
        damage("layer-gone", lost.registry.root, REPOSITORY, "v1")  # which that push brought back
    else:
        push(lost.registry, REPOSITORY, "note", images.artifact("note", lost.image))
    push(lost.registry, "team/other", "v1", images.build("other"))
    damage("child-link-gone", lost.registry.root, "team/other", "v1")
    lost.registry.restart()
    options = lost.options("api", approve=["delete"], delete=[IMAGE])
    options["images"] = [IMAGE, "team/other:v1"]
    predicted, done = repair(check=True, **options), repair(**options)
    for result, outcome in ((predicted, "planned"), (done, "done")):
        first, second = result["images"]
        assert (first["chosen"], first["outcome"], second["outcome"]) == ("delete", "remaining", outcome)
        assert "what needs the manifest cannot be told" in first["why"] or "is still needed by" in first["why"]
    assert not done.get("failed")
    assert "v1" in lost.tags


@pytest.mark.parametrize("kind", ["tag-revision-gone", "tag-manifest-gone", "tag-link-garbage"])
def test_a_tag_that_dangles_goes_over_the_api_where_that_can_be(registry, repair, kind):
    """2.x would delete it with its manifest, which is gone; 3.x says 404 for the tag, and it is there all the same."""
    lost = Lost(registry())
    push(lost.registry, REPOSITORY, "v1", images.build("app"))
    damage(kind, lost.registry.root, REPOSITORY, "v1")
    push(lost.registry, REPOSITORY, "v3", images.build("garbage"))
    damage("tag-link-garbage", lost.registry.root, REPOSITORY, "v3")
    lost.registry.restart()
    for named in ({}, {"delete": [IMAGE]}):
        options = lost.options("api", approve=["delete"], **named)
        predicted, done = repair(check=True, **options), repair(**options)
        if lost.dialect == "2":
            for result in (predicted, done):
                assert only(result)[1] == "remaining", result["msg"]
                assert not result["changed"]
                assert "is gone or not known; give path" in delete_of(result)["reason"]
            assert lost.tags == ["v1", "v2", "v3"]
        elif not named:
            assert (only(predicted), only(done)) == (("delete", "planned"), ("delete", "done")), done["msg"]
            assert lost.tags == ["v2", "v3"]
        else:
            assert not done["changed"]


def test_a_tag_that_tells_nothing_ends_one_step_and_not_the_run(any_registry, repair, monkeypatch):
    """What else needs a manifest cannot be told then, so it stays; the image of another repository goes all the same."""
    lost = Lost(any_registry())
    push(lost.registry, "team/other", "v1", images.build("other"))
    damage("layer-gone", lost.registry.root, "team/other", "v1")
    lost.registry.restart()
    options = lost.options("api", approve=["delete"])
    options["images"] = [IMAGE, "team/other:v1"]
    draw = Drawing.draw

    def spoiled_after(self, wanted):
        drawn = draw(self, wanted)
        damage("tag-link-garbage", lost.registry.root, REPOSITORY, "v2")
        return drawn

    monkeypatch.setattr(Drawing, "draw", spoiled_after)
    result = repair(**options)
    assert [image["outcome"] for image in result["images"]] == ["failed", "done"]
    assert "does not tell what the tag points at" in result["images"][0]["why"]


def test_a_registry_that_deletes_nothing(registry, repair):
    lost = Lost(registry(delete=False))
    result = repair(**lost.options("api", approve=["delete"]))
    assert result["failed"]
    assert only(result) == ("delete", "failed")
    assert "deletes nothing" in result["images"][0]["why"]
    assert lost.tags == ["v1", "v2"]
