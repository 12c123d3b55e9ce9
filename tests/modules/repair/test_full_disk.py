# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A disk without room, and one on which something lies in the way: nothing is half written, nothing lands elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab.place import blob_path

from plugins.disk import fill

from .conftest import contents, spools, tree_of


def test_a_full_disk_changes_nothing(broken, small_disk, repair):
    case = broken("layer-emptied", "config-gone", folder=small_disk)
    before = tree_of(case.root, own=False)
    filler = fill(small_disk)
    result = repair(**case.on_disk, **case.from_snapshot)
    assert (result["failed"], result["code"]) == (True, "apply-failed")
    assert "No space left" in result["msg"]
    assert not result["changed"]
    assert tree_of(case.root, own=False) == before
    assert spools(case.root) == []
    filler.unlink()
    assert not repair(**case.on_disk, **case.from_snapshot).get("failed")
    assert contents(case.root) == contents(case.snapshot)


@pytest.mark.parametrize("room", [1, 2, 3, 4, 5, 6, 8, 10])
def test_a_disk_that_fills_up_on_the_way_leaves_every_file_old_or_right(room, broken, small_disk, repair):
    case = broken("layer-emptied", "config-gone", folder=small_disk)
    damaged, right = contents(case.root), contents(case.snapshot)
    filler = fill(small_disk)
    os.truncate(filler, filler.stat().st_size - room * 4096)
    result = repair(**case.on_disk, **case.from_snapshot)
    for path, content in contents(case.root).items():
        assert content in (damaged.get(path), right[path]), result
    filler.unlink()
    repair(**case.on_disk, **case.from_snapshot)
    assert contents(case.root) == right


def test_a_link_inside_the_store_that_points_outside_is_not_followed(broken, repair, tmp_path):
    case = broken("layer-gone")
    lost = case.findings[0]["digest"]
    folder = Path(blob_path(case.root, lost)).parent
    (tmp_path / "outside").mkdir()
    folder.rmdir()
    folder.symlink_to(tmp_path / "outside")
    result = repair(**case.on_disk, **case.from_snapshot)
    assert result["failed"]
    assert "symbolic link" in result["msg"]
    assert list((tmp_path / "outside").iterdir()) == []
