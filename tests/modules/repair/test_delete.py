# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Broken tags that go: those that were named, and those that are not in use and nothing else can repair; never what others need."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.drawing import Drawing
from ansible.module_utils.oci_registry.errors import StoreUnreadable
from ansible.module_utils.oci_registry.evidence import standins
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import place_on_disk, tag_path
from ansible.module_utils.registry_lab.push import push

from .conftest import REPOSITORY, actions, tree_of

WAYS = ["api", "disk", "both"]
IMAGE = f"{REPOSITORY}:v1"
DEAD = {"type": "registry", "registry": "127.0.0.1:1", "scheme": "http"}


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
        ({"in_use": ["PLATFORM"]}, "", "it is in use"),
        ({"in_use": [f"registry.example.com:5050/{IMAGE}"]}, "", "it is in use"),
        ({"in_use": [f"registry.example.com/{IMAGE}"]}, "", "it is in use"),
        ({"rebuilds": [{"image": REPOSITORY, "way": "ci"}]}, "rebuild", "something else is possible"),
        ({"approve": []}, "delete", "nothing else is possible"),
        ({"sources": [DEAD]}, "", "registry 127.0.0.1:1 could not be asked"),
        ({"sources": [{"type": "listed", "name": "runner", "problem": "cannot be reached"}]}, "", "runner could not be asked"),
        (
            {"rebuilds": [{"image": REPOSITORY, "way": "ci", "possible": False, "why": "it is down"}]},
            "",
            "not possible now: it is down",
        ),
    ],
)
def test_it_stays(any_registry, repair, options, chosen, why):
    lost = Lost(any_registry())
    given = {**lost.options("disk", approve=["delete"]), **options}
    digests = {"DIGEST": lost.image.digest, "PLATFORM": lost.image.children[1].digest}
    given["in_use"] = given["in_use"] and [
        f"{REPOSITORY}@{digests[name]}" if name in digests else name for name in given["in_use"]
    ]
    result = repair(**given)
    assert only(result) == (chosen, "remaining")
    assert why in delete_of(result)["reason"]
    assert not result["changed"]
    assert lost.tags == ["v1", "v2"]
    if "sources" in given:
        assert only(repair(**{**given, "delete": [IMAGE]})) == ("delete", "done"), "but not where it was named"


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_mirror_that_answers_neither_yes_nor_no_may_have_it(any_registry, repair, status):
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(status)

        def log_message(self, *_arguments: object) -> None:
            pass

    lost = Lost(any_registry())
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        mirror = {"type": "registry", "registry": f"127.0.0.1:{server.server_port}", "scheme": "http"}
        result = repair(**lost.options("disk", approve=["delete"], sources=[mirror]))
        server.shutdown()
    assert only(result) == ("", "remaining")
    assert "could not be asked" in delete_of(result)["reason"]


def test_other_images_that_could_not_be_looked_at_may_do(any_registry, repair, monkeypatch):
    def refuse(*_arguments):
        raise StoreUnreadable("cannot be read")

    lost = Lost(any_registry())
    monkeypatch.setattr(standins, "_links_of", refuse)
    result = repair(**lost.options("disk", approve=["delete"]))
    assert only(result) == ("", "remaining")
    assert "could not be looked at" in delete_of(result)["reason"]


def test_a_platform_in_use_protects_an_index_that_is_lost(any_registry, repair):
    lost = Lost(any_registry())
    damage("tag-manifest-gone", lost.registry.root, REPOSITORY, "v1")
    options = lost.options("disk", approve=["delete"])
    kept = repair(**{**options, "in_use": [f"{REPOSITORY}@{lost.image.children[0].digest}"]})
    assert only(kept) == ("", "remaining"), "nothing tells any more of which index it is one"
    assert only(repair(**{**options, "in_use": [f"team/other@{lost.image.children[0].digest}"]})) == ("delete", "done")


def test_without_a_registry_a_host_may_be_part_of_a_repository(tmp_path, repair):
    root = str(tmp_path / "store")
    for repository in ("quay.io/app", "app"):
        place_on_disk(root, repository, "v1", images.build(repository))
        damage("layer-gone", root, repository, "v1")
    options = {"path": root, "images": ["app:v1"], "approve": ["delete"]}
    result = repair(**options, delete=["quay.io/app:v1"])
    assert (result["failed"], result["code"]) == (True, "bad-input")
    assert "may be app:v1 or quay.io/app:v1" in result["msg"]
    gone = repair(**options, delete=["registry.example.com:5050/quay.io/app:v1"])
    assert [(step["repository"], step["tags"]) for step in gone["plan"] if step["state"] == "done"] == [("quay.io/app", ["v1"])]
    place_on_disk(root, "ghcr.io/lib", "v1", images.build("lib"))
    damage("layer-gone", root, "ghcr.io/lib", "v1")
    again = repair(**options, delete=["ghcr.io/lib:v1"])
    assert [(step["repository"], step["tags"]) for step in again["plan"] if step["state"] == "done"] == [("ghcr.io/lib", ["v1"])]


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
