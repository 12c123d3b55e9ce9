# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Damaged files are replaced on disk, kept in the quarantine, and put back on demand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.apply.quarantine import list_quarantine
from ansible.module_utils.registry_lab.place import blob_path
from ansible.module_utils.registry_lab.push import push

from .conftest import REPOSITORY, TAG, actions, contents, scanned, tree_of, walked

DAMAGED = ("layer-emptied", "child-halved", "config-corrupt")


def test_replaced_on_disk_although_an_api_is_there(broken_registry, repair):
    case = broken_registry(*DAMAGED, cache=True)
    result = repair(**case.over_api, path=case.root, **case.from_snapshot)
    assert actions(result) == [("restore", "disk")] * 3
    assert result["restart_required"]
    assert [step["action"] for step in result["plan"] if step["way"] == "operator" and step["state"] == "remaining"] == [
        "restart"
    ]
    assert len(result["quarantine"]) == 3
    assert scanned(case.root) == []
    assert walked(case.registry) == []


def test_a_push_of_the_same_image_does_not_replace_them(broken_registry):
    case = broken_registry(*DAMAGED)
    push(case.registry, REPOSITORY, TAG, case.image)
    assert len(scanned(case.root)) == len(case.findings)


def test_without_path_they_remain(broken_registry, repair):
    case = broken_registry(*DAMAGED)
    before = tree_of(case.root)
    result = repair(**case.over_api, **case.from_snapshot)
    assert not result["changed"]
    assert len(result["remaining"]) == 3
    assert all("only on disk can a damaged file be replaced" in left["why"] for left in result["remaining"])
    assert tree_of(case.root) == before


def test_damage_that_nobody_told_of_is_found_by_the_proof(broken_registry, repair):
    case = broken_registry("child-emptied")
    image = [f"{REPOSITORY}:{TAG}"]
    result = repair(registry=case.registry.address, scheme="http", images=image, **case.from_snapshot)
    assert result["failed"]
    assert "a damaged file must be in the way" in result["msg"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_owner_group_and_mode_stay(broken, repair):
    case = broken("layer-emptied", "config-gone")
    damaged = Path(next(blob_path(case.root, item["digest"]) for item in case.findings if item["code"] == "blob-truncated"))
    os.chown(damaged, 1234, 2345)
    damaged.chmod(0o640)
    gone = Path(next(blob_path(case.root, item["digest"]) for item in case.findings if item["code"] == "config-missing"))
    os.chown(gone.parent, 3456, 4567)
    repair(**case.on_disk, **case.from_snapshot)
    status = damaged.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (1234, 2345, 0o640)
    assert (gone.stat().st_uid, gone.stat().st_gid) == (3456, 4567)


def test_undo_puts_everything_back_exactly(broken, repair):
    case = broken(*DAMAGED, "child-link-empty")
    before = tree_of(case.root, own=False)
    done = repair(**case.on_disk, **case.from_snapshot)
    assert scanned(case.root) == []
    assert [entry["path"] for entry in list_quarantine(case.root)] == [entry["path"] for entry in done["quarantine"]]
    undo = {"path": case.root, "undo": done["run_id"]}
    repaired = tree_of(case.root)
    predicted = repair(check=True, **undo)
    assert predicted["changed"]
    assert tree_of(case.root) == repaired, "check mode wrote something"
    undone = repair(**undo)
    assert undone["changed"]
    assert undone["restart_required"]
    assert tree_of(case.root, own=False) == before
    assert {entry["run_id"] for entry in list_quarantine(case.root)} == {undone["run_id"]}, "what it replaced is kept in its turn"
    again = repair(**undo)
    assert not again["changed"]
    redone = repair(path=case.root, undo=undone["run_id"])
    assert contents(case.root) == contents(case.snapshot), "an undo can be undone"
    repair(path=case.root, undo=redone["run_id"])
    assert tree_of(case.root, own=False) == before
    assert repair(**case.on_disk, **case.from_snapshot)["changed"], "it can be repaired once more"
    assert contents(case.root) == contents(case.snapshot)


def test_undo_of_an_unknown_run(broken, repair):
    case = broken("layer-emptied")
    result = repair(path=case.root, undo="20000101T000000Z-000000")
    assert (result["failed"], result["code"]) == (True, "bad-input")


def test_a_damaged_file_without_a_source_can_be_moved_out_of_the_way(broken_registry, repair):
    case = broken_registry("layer-emptied")
    refused = repair(**case.on_disk)
    assert not refused["changed"]
    assert [(step["action"], step["needs_approval"]) for step in refused["plan"] if step["state"] == "remaining"] == [
        ("repoint", False),
        ("quarantine", True),
    ]
    moved = repair(**case.on_disk, approve=["quarantine"])
    assert actions(moved) == [("quarantine", "disk")]
    assert moved["restart_required"]
    case.registry.restart()
    push(case.registry, REPOSITORY, TAG, case.image)
    assert scanned(case.root) == []


def test_an_orphaned_layer_link_is_only_removed_when_asked(broken, repair):
    case = broken("layer-link-orphan")
    assert not repair(**case.on_disk)["changed"]
    approved = {**case.on_disk, "approve": ["remove-link"]}
    assert actions(repair(check=True, **approved)) == [("remove-link", "disk")]
    done = repair(**approved)
    assert actions(done) == [("remove-link", "disk")]
    assert scanned(case.root) == []
    assert not repair(**approved)["changed"]
    repair(path=case.root, undo=done["run_id"])
    assert [finding["code"] for finding in scanned(case.root)] == ["layer-link-orphan"]
