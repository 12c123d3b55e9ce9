# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Space: what a snapshot costs, what comes free and when, and what happens where there is none left."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.apply.moment import now
from ansible.module_utils.oci_registry.scan import scan
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.process import RegistryProcess
from ansible.module_utils.registry_lab.push import push

from .conftest import OWN, Place, broken, delete, files, phases, place_of, with_garbage

PAGE = 4096


def snapshots(root: str) -> list[Path]:
    folder = Path(root, OWN, "snapshots")
    return sorted(folder.iterdir()) if folder.is_dir() else []


def blob_bytes(*roots: Path) -> int:
    """What the blobs below these folders take, each file once however often it is linked."""
    found = {}
    for root in roots:
        for path in root.rglob("data"):
            status = path.stat()
            found[status.st_ino] = status.st_size
    return sum(found.values())


def test_space_comes_free_as_planned(place, collect):
    made = place()
    with_garbage(made)
    store, own = Path(made.root, "docker"), Path(made.root, OWN)
    whole = blob_bytes(store)
    planned = collect(made.options, check=True)["planned"]
    done = collect(made.options)
    assert blob_bytes(store, own) == whole, "the snapshot costs nothing and holds everything"
    assert whole - blob_bytes(store) == planned["bytes"] == done["swept"]["bytes"]
    expired = collect(made.options, state="expired", snapshot=done["snapshot"]["id"])
    assert expired["freed_bytes"] == planned["bytes"]
    assert whole - blob_bytes(store, own) == planned["bytes"]
    assert snapshots(made.root) == []


def test_the_disk_says_the_same(any_registry, collect, small_disk):
    """By the free blocks of a whole file system, with blobs of whole pages."""
    made = on(small_disk)
    with made.registry:
        layers = [images.blob(bytes([number]) * PAGE * 50, images.OCI_LAYER) for number in range(3)]
        doomed = images.image("doomed", layers=layers)
        push(made.registry, "team/app", "doomed", doomed)
        push(made.registry, "team/app", "v1", images.image("kept"))
        delete(made.registry, "team/app", doomed.digest)
        free = os.statvfs(small_disk).f_bfree
        done = collect(made.options, keep_snapshots=0.0)
        assert not done.get("failed"), done
        assert phases(done)[-1] == "expire"
        freed = (os.statvfs(small_disk).f_bfree - free) * PAGE
        assert done["freed_bytes"] == done["planned"]["bytes"] > 150 * PAGE
        assert abs(freed - done["freed_bytes"]) < 24 * PAGE, "config, manifest, links and the journal take a page each"


def on(disk: Path) -> Place:
    """A registry with nothing but its store on that disk."""
    (disk / "data").mkdir()
    folder = disk.parent / "registry"
    folder.mkdir()
    (folder / "data").symlink_to(disk / "data")
    return place_of(RegistryProcess(str(folder)))


@contextlib.contextmanager
def filled(folder: Path, room: int) -> Iterator[None]:
    """The file system is full but for ``room`` pages."""
    filler = folder / "filler"
    with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
        while True:
            file.write(b"\0" * PAGE)
    os.truncate(filler, filler.stat().st_size - room * PAGE)
    yield
    filler.unlink()


@pytest.mark.parametrize("room", [0, 1, 2, 3, 5, 8, 13, 21, 34])
def test_a_full_disk(room, collect, small_disk):
    made = on(small_disk)
    with made.registry:
        with_garbage(made)
        before = files(made.root)
        with filled(small_disk, room):
            result = collect(made.options)
            assert made.registry.running
            assert broken(made.registry) == []
        if result.get("failed"):
            assert result["code"] in ("apply-failed", "proof-failed", "command-failed"), result
            assert files(made.root) == before
            assert not Path(made.root, OWN, "collection.json").exists()
        done = collect(made.options)
        assert not done.get("failed"), done
        assert not [path for path in snapshots(made.root) if path.name.startswith("partial")]
        assert broken(made.registry) == []


def test_blobs_on_another_file_system(any_registry, collect, small_disk):
    made = place_of(any_registry())
    with_garbage(made)
    made.registry.stop()
    blobs = Path(made.root, "docker/registry/v2/blobs")
    shutil.move(blobs, small_disk / "blobs")
    blobs.mkdir()
    subprocess.run(["mount", "--bind", str(small_disk / "blobs"), str(blobs)], check=True)
    try:
        made.registry.start()
        for check in (True, False):
            result = collect(made.options, check=check)
            assert (result["failed"], result["code"]) == (True, "apply-failed"), result
            assert "another file system" in result["msg"]
            assert "quiesce" not in phases(result)
    finally:
        made.registry.stop()
        subprocess.run(["umount", "--lazy", str(blobs)], check=True)


def aged(root: str, name: str, **taken: object) -> None:
    path = Path(root, OWN, "snapshots", name, "meta.json")
    about = json.loads(path.read_text())
    about["taken"].update(taken)
    path.write_text(json.dumps(about))


def test_snapshots_expire_by_age(any_registry, collect):
    made = place_of(any_registry())
    with_garbage(made)
    old = collect(made.options, state="snapshotted")["snapshot"]["id"]
    young = collect(made.options, state="snapshotted")["snapshot"]["id"]
    assert not collect(made.options, state="expired")["changed"]
    aged(made.root, old, wall=now().wall - 8 * 86400, boot="before the restart")
    planned = collect(made.options, state="expired", check=True)
    assert planned["changed"] and len(snapshots(made.root)) == 2
    done = collect(made.options, state="expired")
    assert [each["id"] for each in done["expired"]] == [old]
    assert (
        done["diff"]
        == planned["diff"]
        == {
            "before": {"garbage": {}, "snapshots": [old, young]},
            "after": {"garbage": {}, "snapshots": [young]},
        }
    )
    assert [path.name for path in snapshots(made.root)] == [young]
    assert not collect(made.options, state="expired")["changed"]


def test_a_clock_that_jumps_removes_nothing(any_registry, collect):
    made = place_of(any_registry())
    with_garbage(made)
    name = collect(made.options, state="snapshotted")["snapshot"]["id"]
    aged(made.root, name, wall=0.0)
    assert not collect(made.options, state="expired")["changed"], "taken since the machine was started, whatever the clock says"
    aged(made.root, name, wall=now().wall + 86400, boot="before the restart")
    kept = collect(made.options, state="expired", keep_snapshots=0.0)
    assert not kept["changed"] and "in the future" in kept["notes"][0]
    assert collect(made.options, state="expired", snapshot=name)["changed"]


def test_a_snapshot_is_a_store_of_its_own(place, collect):
    """Scans and sources read it like any other; what 2.8 writes into a link later does not reach it."""
    made = place()
    push(made.registry, "team/app", "v1", images.build("first"))
    before = files(made.root)
    snapshot = collect(made.options, state="snapshotted")["snapshot"]
    push(made.registry, "team/app", "v1", images.build("second"))
    assert files(snapshot["path"]) == before
    report = scan(snapshot["path"], proof="content", dialect=made.dialect)
    assert report.healthy and report.summary["tags"] == 1
