# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A file that nobody can read is one damaged file, and not the end of a repair: in the store, and in a source."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.errors import StoreUnreadable
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import blob_path, place_on_disk

from .conftest import REPOSITORY, TAG, actions, scanned
from .test_sources import write_layout

#: a file of 4096 bytes, as its status says, of which every read fails: the loopback device has no speed
UNREADABLE = Path("/sys/class/net/lo/speed")


@pytest.fixture
def bad_sector(monkeypatch):
    """``bad_sector(path)``: from now on every read of that file fails; one that is put in its place can be read."""
    bad, real = set(), os.readv

    def readv(descriptor, buffers):
        if os.fstat(descriptor).st_ino in bad:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(descriptor, buffers)

    monkeypatch.setattr(os, "readv", readv)
    return lambda path: bad.add(os.stat(path).st_ino)


@pytest.mark.parametrize("kind", ["bad sector", "symlink", "dangling symlink", "fifo"])
def test_it_is_replaced_and_everything_else_is_repaired(kind, broken, repair, bad_sector, tmp_path):
    case = broken("child-gone")
    damaged = Path(blob_path(case.root, case.image.children[1].blobs[-1].digest))
    if kind == "bad sector":
        bad_sector(damaged)
    else:
        damaged.rename(tmp_path / "elsewhere")
        if kind == "fifo":
            os.mkfifo(damaged)
        else:
            damaged.symlink_to(tmp_path / ("elsewhere" if kind == "symlink" else "nowhere"))
    options = {"path": case.root, "images": [f"{REPOSITORY}:{TAG}"]}
    lost = repair(check=True, **options)
    assert any(str(damaged) in left["why"] for left in lost["remaining"]), lost
    result = repair(**options, **case.from_snapshot)
    assert not result.get("failed"), result["msg"]
    assert sorted(action for action, _way in actions(result)) == ["relink", "restore", "restore"]
    assert result["remaining"] == []
    assert (damaged.is_symlink(), damaged.stat().st_mode & 0o7777) == (False, 0o644)
    assert scanned(case.root) == []
    assert not repair(**options, **case.from_snapshot)["changed"]
    repair(path=case.root, undo=result["run_id"])
    assert damaged.is_symlink() == ("symlink" in kind)


def test_what_cannot_be_proven_fails_alone(broken, repair, monkeypatch):
    case = broken("layer-gone", "config-gone")
    from ansible.module_utils.oci_registry.evidence import prove

    look, said = prove._wrong_on_disk, []

    def fails_once(*arguments):
        if not said:
            said.append(arguments[0].digest)
            raise StoreUnreadable("cannot be read (Input/output error)")
        return look(*arguments)

    monkeypatch.setattr(prove, "_wrong_on_disk", fails_once)
    result = repair(**case.on_disk, **case.from_snapshot)
    assert (result["failed"], result["code"]) == (True, "store-unreadable")
    assert [step["state"] for step in result["plan"] if step["action"] == "restore"] == ["failed", "done"]
    assert [record["digest"] not in said for record in result["proven"]] == [True]


@pytest.mark.skipif(not UNREADABLE.exists(), reason="there is no loopback device")
def test_the_next_source_is_tried(tmp_path, repair):
    layer = images.blob(os.urandom(UNREADABLE.stat().st_size), images.OCI_LAYER)
    image, root = images.image("app", layers=[layer]), str(tmp_path / "store")
    place_on_disk(root, REPOSITORY, TAG, image)
    first, second = (write_layout(tmp_path / name, image) for name in ("first", "second"))
    damage("layer-gone", root, REPOSITORY, TAG)
    for digest in (layer.digest, image.digest):
        bad = Path(first, "blobs", digest.replace(":", "/"))
        bad.unlink()
        bad.symlink_to(UNREADABLE)
    sources = [{"type": "layout", "path": path} for path in (first, second)]
    only = repair(path=root, images=[f"{REPOSITORY}:{TAG}"], sources=sources[:1])
    assert (only["failed"], only["code"]) == (True, "apply-failed")
    assert "cannot be read" in only["msg"]
    os.unlink(blob_path(root, image.digest))
    result = repair(path=root, images=[f"{REPOSITORY}:{TAG}"], sources=sources)
    assert not result.get("failed"), result["msg"]
    assert scanned(root) == []
