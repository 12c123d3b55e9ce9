# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Many broken tags in one run: those in use first, and one that cannot be mended keeps none of the others from it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.client.push import Pusher
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import blob_path, place_on_disk, revision_path
from ansible.module_utils.registry_lab.push import push

from .conftest import scanned, walked

BROKEN = [(f"team/app-{number // 4}", f"v{number % 4}") for number in range(34)]
IN_USE = BROKEN[3::6]


def names(keys):
    return [f"{repository}:{tag}" for repository, tag in keys]


def keys_of(result, **wanted):
    return [
        (image["repository"], image["tag"])
        for image in result["images"]
        if all(image[key] == value for key, value in wanted.items())
    ]


@pytest.fixture
def many(tmp_path):
    """A store with 34 tags of which each lost the link of a child."""
    root = str(tmp_path / "many")
    for repository, tag in BROKEN:
        place_on_disk(root, repository, tag, images.build(f"{repository}:{tag}"))
        damage("child-link-gone", root, repository, tag)
    return root


def test_what_is_in_use_comes_first(many, repair):
    options = {"path": many, "findings": scanned(many), "in_use": names(IN_USE)}
    predicted, done = repair(check=True, **options), repair(**options)
    for result, outcome in ((predicted, "planned"), (done, "done")):
        assert keys_of(result)[:6] == sorted(IN_USE)
        assert keys_of(result, in_use=True) == sorted(IN_USE)
        assert len(keys_of(result, outcome=outcome)) == 34
    took = [(step["repository"], step["tags"][0], step["began"]) for step in done["plan"] if step["state"] == "done"]
    assert [(repository, tag) for repository, tag, _began in took[:6]] == sorted(IN_USE)
    assert [began for *_key, began in took] == sorted(began for *_key, began in took)
    assert scanned(many) == []
    assert not repair(**options)["changed"]


def test_every_way_out_in_one_run(many, repair, tmp_path):
    """In use: one to repoint, one to rebuild, four to relink. Of the others 26 to relink, one to delete, one that wrong bytes were promised for."""
    repointed, rebuilt, deleted, cheated = IN_USE[0], IN_USE[1], BROKEN[0], BROKEN[1]
    lie = tmp_path / "snapshot"
    shutil.copytree(many, lie)
    damage("attestation-gone", many, *repointed)
    first = images.build(":".join(repointed))
    place_on_disk(many, repointed[0], "intact", images.index(first.children[:2]))
    for key in (rebuilt, deleted, cheated):
        digest = damage("config-gone", many, *key).digest
        if key == cheated:
            file = Path(blob_path(str(lie), digest))
            file.write_bytes(b"x" * file.stat().st_size)
        else:
            Path(blob_path(str(lie), digest)).unlink()
    Path(blob_path(str(lie), first.children[2].digest)).unlink()
    options = {
        "path": many,
        "findings": scanned(many),
        "sources": [{"type": "snapshot", "path": str(lie)}],
        "in_use": names(IN_USE),
        "rebuilds": [{"image": ":".join(rebuilt), "way": "ci"}],
        "approve": ["repoint", "rebuild", "delete"],
    }
    result = repair(**options)
    assert result["failed"] and "no source has its right bytes" in result["msg"]
    assert keys_of(result, outcome="failed") == [cheated]
    assert keys_of(result, outcome="remaining", chosen="rebuild") == [rebuilt]
    assert keys_of(result, outcome="done", chosen="repoint") == [repointed]
    assert keys_of(result, outcome="done", chosen="delete") == [deleted]
    assert len(keys_of(result, outcome="done", chosen="relink")) == 30
    left = {(finding["repository"], tag) for finding in scanned(many) for tag in finding["tags"]}
    assert left == {rebuilt, cheated}
    again = repair(**{**options, "findings": scanned(many)}, check=True)
    assert set(keys_of(again)) == {rebuilt, cheated}
    assert {(left["repository"], left["tags"][0]) for left in again["remaining"]} == {rebuilt}


def pushed_and_broken(registry, keys, tmp_path):
    """Push these images, copy the store, and take the link of a child from each; returns the copy as a source."""
    for repository, tag in keys:
        push(registry, repository, tag, images.build(f"{repository}:{tag}"))
    shutil.copytree(registry.root, tmp_path / "copy")
    for repository, tag in keys:
        damage("child-link-gone", registry.root, repository, tag)
    return {"type": "snapshot", "path": str(tmp_path / "copy")}


@pytest.mark.parametrize("in_the_way", ["link", "push"])
def test_a_failure_in_one_repository_does_not_stop_the_others(any_registry, repair, tmp_path, in_the_way):
    registry = any_registry()
    source = pushed_and_broken(registry, BROKEN[::4], tmp_path)
    victim = BROKEN[0]
    child = images.build(":".join(victim)).children[0]
    folder = Path(revision_path(registry.root, victim[0], child.digest)).parent
    folder.rmdir()
    folder.write_text("a file, where a folder should be")
    registry.restart()
    reach = {"path": registry.root} if in_the_way == "link" else {"registry": registry.address, "scheme": "http"}
    result = repair(**reach, images=names(BROKEN[::4]), sources=[source])
    assert result["failed"]
    assert keys_of(result, outcome="failed") == [victim]
    assert len(keys_of(result, outcome="done")) == len(BROKEN[::4]) - 1
    folder.unlink()
    assert {finding["repository"] for finding in walked(registry)} == {victim[0]}


def test_a_registry_that_goes_away_ends_the_run(any_registry, repair, tmp_path, monkeypatch):
    registry = any_registry()
    source = pushed_and_broken(registry, BROKEN[:8], tmp_path)
    registry.restart()
    put, asked = Pusher.put_manifest, []

    def gone_at_the_third(self, *arguments):
        asked.append(arguments)
        if len(asked) == 3:
            registry.stop()
        return put(self, *arguments)

    monkeypatch.setattr(Pusher, "put_manifest", gone_at_the_third)
    result = repair(registry=registry.address, scheme="http", images=names(BROKEN[:8]), sources=[source], timeout=2.0)
    assert len(asked) == 3
    assert (result["failed"], result["code"]) == (True, "unreachable")
    assert len(keys_of(result, outcome="failed")) == 1
    assert [image["why"] for image in result["images"] if image["outcome"] == "remaining"] == [
        "the run ended before it was its turn"
    ] * 5
    registry.start()
    assert repair(registry=registry.address, scheme="http", images=names(BROKEN[:8]), sources=[source])["changed"]
    assert walked(registry) == []


def test_bytes_that_two_repositories_share_come_before_what_is_in_use_needs_them(any_registry, repair, tmp_path):
    registry, image = any_registry(), images.build("shared")
    first, second = ("team/first", "v1"), ("team/second", "v1")
    for repository, tag in (first, second):
        push(registry, repository, tag, image)
    shutil.copytree(registry.root, tmp_path / "copy")
    damage("layer-gone", registry.root, *first)
    damage("child-link-gone", registry.root, *second)
    registry.restart()
    reach = {"path": registry.root, "registry": registry.address, "scheme": "http"}
    sources = [{"type": "snapshot", "path": str(tmp_path / "copy")}]
    result = repair(**reach, images=names([first, second]), in_use=names([second]), sources=sources)
    took = [(step["action"], step["repository"], step["way"]) for step in result["plan"] if step["state"] == "done"]
    assert took == [("restore", second[0], "api"), ("relink", second[0], "api")]
    assert keys_of(result, outcome="done") == [second, first]
    assert walked(registry) == []
