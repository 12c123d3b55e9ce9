# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Pushes between the plan and its execution, runs that are killed anywhere, and the way back."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible.module_utils.oci_registry import retention
from ansible.module_utils.oci_registry.retention import RETENTION_OPTIONS, Retention
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import blob_path
from ansible.module_utils.registry_lab.push import push

from .conftest import APP, OWN, age, changes, is_linked, scanned, store_files, tags_of, walked


@pytest.fixture
def after_planning(monkeypatch):
    """``after_planning(action)``: do that when the plan is made and nothing is deleted yet."""

    def arrange(action: Callable[[], None]) -> None:
        carry_out = retention.carry_out

        def late(todo, tools):
            action()
            carry_out(todo, tools)

        monkeypatch.setattr(retention, "carry_out", late)

    return arrange


@pytest.mark.parametrize("with_path", [True, False], ids=["disk", "http"])
def test_a_tag_that_is_pushed_meanwhile_stays(stocked, retain, after_planning, with_path):
    case = stocked()
    fresh = images.build("fresh")
    after_planning(lambda: push(case.registry, APP, "v1", fresh))
    result = retain(**{**case.options, "path": case.root if with_path else None})
    assert not result.get("failed"), result
    (skipped,) = [item for item in result["plan"] if item["state"] == "skipped"]
    assert skipped["tags"] == ["v1"]
    assert "pushed since" in skipped["detail"]
    assert tags_of(case.root, APP) == {"v1", "v4", "v5"}
    assert walked(case.registry) == []


@pytest.mark.parametrize("with_path", [True, False], ids=["disk", "http"])
def test_a_new_tag_saves_what_it_needs(stocked, retain, after_planning, with_path):
    """A rollback: ``latest`` is set to an image that was to go, and a new index takes a child of another one."""
    case = stocked()
    child = case.builds["v2"].children[0]

    def meanwhile() -> None:
        push(case.registry, APP, "latest", case.builds["v1"])
        push(case.registry, APP, "mixed", images.index([child]))

    after_planning(meanwhile)
    result = retain(**{**case.options, "path": case.root if with_path else None})
    assert not result.get("failed"), result
    assert {"latest", "v1", "mixed"} <= tags_of(case.root, APP)
    assert is_linked(case.root, APP, child.digest)
    assert not is_linked(case.root, APP, case.builds["v2"].digest)
    assert walked(case.registry) == []


def test_a_child_that_is_pushed_again_meanwhile_stays(stocked, retain, after_planning):
    case = stocked()
    child = case.builds["v1"].children[1]
    after_planning(lambda: push(case.registry, APP, "", child))
    result = retain(**case.options)
    assert is_linked(case.root, APP, child.digest)
    (item,) = [item for item in result["plan"] if item["tags"] == ["v1"] and item["repository"] == APP]
    assert child.digest in item["detail"] and child.digest not in item["parts"]


def test_a_tag_of_a_cache_that_is_pulled_anew_meanwhile_stays(any_stocked, retain, after_planning):
    case = any_stocked()
    after_planning(lambda: push(case.registry, APP, "v1", images.build("fresh")))
    result = retain(path=case.root, mode="cache", keep_newest=2)
    assert [item["tags"] for item in result["plan"] if item["state"] == "skipped"] == [["v1"]]
    assert "v1" in tags_of(case.root, APP)


# -- the way back


def test_undo_brings_everything_back(stocked, retain, repair):
    case = stocked()
    push(case.registry, APP, "v1", case.builds["v5"])  # leaves a second link in the history of v1
    push(case.registry, APP, "v1", case.builds["v1"])
    age(case.root, APP, "v1", 9)
    push(case.registry, APP, "old", case.builds["v5"])  # goes alone, on disk
    age(case.root, APP, "old", 50)
    before = store_files(case.root)
    times = {
        tag: os.stat(f"{case.root}/docker/registry/v2/repositories/{APP}/_manifests/tags/{tag}/current/link").st_mtime
        for tag in ("v1", "old")
    }
    done = retain(**case.options)
    assert done["changed"] and done["run_id"]
    assert store_files(case.root) != before
    undone = repair(path=case.root, undo=done["run_id"])
    assert undone["changed"], undone
    assert store_files(case.root) == before
    for tag, time in times.items():
        assert os.stat(f"{case.root}/docker/registry/v2/repositories/{APP}/_manifests/tags/{tag}/current/link").st_mtime == time
    assert walked(case.registry) == []
    assert not repair(path=case.root, undo=done["run_id"])["changed"]


def test_what_is_kept_for_an_undo_goes_in_its_turn(stocked, retain, repair):
    """Copies of links and whole tags; what a repair set aside stays."""
    case = stocked()
    push(case.registry, APP, "old", case.builds["v5"])  # goes alone, on disk
    age(case.root, APP, "old", 50)
    damaged = blob_path(case.root, case.builds["v5"].children[0].blobs[0].digest)
    Path(damaged).write_bytes(b"damaged")
    aside = repair(path=case.root, images=[f"{APP}:v5"], approve=["quarantine"], dialect=case.dialect)
    assert aside.get("quarantine"), aside
    restored = case.builds["v5"].children[0].blobs[0].content
    Path(damaged).write_bytes(restored)
    done = retain(**case.options)
    assert done["changed"] and done["expired"] == []
    kept = Path(case.root, OWN, "quarantine")
    assert not retain(**case.options, keep_undo=0.01)["changed"]
    planned = retain(check=True, **case.options, keep_undo=0.0)
    assert (planned["changed"], planned["expired"]) == (True, [done["run_id"]])
    assert (kept / done["run_id"]).is_dir()
    gone = retain(**case.options, keep_undo=0.0)
    assert (gone["changed"], gone["expired"]) == (True, [done["run_id"]])
    assert gone["msg"].endswith("; removed: what 1 earlier runs kept for an undo")
    assert {path.name for path in kept.iterdir()} == {aside["run_id"], "index.jsonl"}
    assert done["run_id"] not in (kept / "index.jsonl").read_text(encoding="utf-8")
    assert not retain(**case.options, keep_undo=0.0)["changed"]
    assert repair(path=case.root, undo=done["run_id"])["code"] == "bad-input"


def test_undo_after_a_collection_breaks_nothing(stocked, retain, repair):
    """Bytes that a collection took away do not come back with a link: it stays in the quarantine."""
    case = stocked()
    done = retain(**case.options)
    case.registry.collect()
    before = tags_of(case.root, APP)
    undone = repair(path=case.root, undo=done["run_id"])
    assert not undone.get("failed"), undone
    assert "collected" in next(step["reason"] for step in undone["plan"] if step["state"] == "skipped")
    assert scanned(case.root, case.dialect) == []
    assert walked(case.registry) == []
    # those two are in the other repository, so their bytes are there; but 3.x also collects the links of layers
    back = {"v1", "v2"} if case.dialect == "2" else set()
    assert before | back == tags_of(case.root, APP)


# -- kills


def complete(options: dict[str, object]) -> dict[str, object]:
    """The options of the module as Ansible fills them up."""
    return {**{name: option.get("default") for name, option in RETENTION_OPTIONS.items()}, **options}


def killed_at(number: int, options: dict[str, object]) -> bool:
    """Run in a child process that kills itself before call ``number`` to the operating system that changes something."""
    child = os.fork()
    if child == 0:
        calls = itertools.count(1)
        for name in ("fsync", "rename", "mkdir", "write"):
            setattr(os, name, _deadly(getattr(os, name), calls, number))
        try:
            Retention(complete(options)).run(check_mode=False)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def _deadly(function: Callable[..., object], calls: itertools.count[int], number: int) -> Callable[..., object]:
    def call(*arguments: object, **named: object) -> object:
        if next(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    return call


def test_killed_anywhere_and_run_again(any_stocked, retain):
    """After each kill nothing that is left is broken, and the next run ends where an undisturbed one would have."""
    case = any_stocked()
    push(case.registry, APP, "old", case.builds["v5"])
    age(case.root, APP, "old", 50)
    expected = changes(retain(check=True, **case.options))
    kills = 0
    while kills < 2000 and killed_at(1 + kills * 17, case.options):
        kills += 1
        assert scanned(case.root) == [], f"after kill {kills}"
        gone = {digest for item in expected for digest in (item[3], *item[4]) if item[0] == "delete-manifest"}
        if not any(is_linked(case.root, APP, digest) for digest in gone):
            break
    assert kills >= 3
    result = retain(**case.options)
    assert not result.get("failed"), result
    assert tags_of(case.root, APP) == {"v4", "v5"}
    assert not any(is_linked(case.root, APP, digest) for digest in gone)
    assert changes(retain(check=True, **case.options)) == []
    assert walked(case.registry) == []


def test_killed_between_an_index_and_its_children(any_stocked, retain, monkeypatch):
    """What the killed run had begun goes with the next one, however young it is."""
    case = any_stocked()
    child = os.fork()
    if child == 0:
        deletions = itertools.count(1)
        delete = retention.ApiWriter.delete_manifest

        def last(self, repository, reference):
            if next(deletions) == 4:  # after the question whether anything is deleted, the index and one child
                os.kill(os.getpid(), signal.SIGKILL)
            return delete(self, repository, reference)

        retention.ApiWriter.delete_manifest = last
        Retention(complete(case.options)).run(check_mode=False)
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    left = [
        manifest.digest
        for build in case.builds.values()
        for manifest in build.manifests()
        if is_linked(case.root, APP, manifest.digest)
    ]
    assert len(left) == 5 * 5 - 2
    assert scanned(case.root) == []
    result = retain(**case.options)
    assert result["recovered"], result
    left = {
        manifest.digest
        for build in case.builds.values()
        for manifest in build.manifests()
        if is_linked(case.root, APP, manifest.digest)
    }
    assert left == {manifest.digest for tag in ("v4", "v5") for manifest in case.builds[tag].manifests()}
