# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Paths that are no stores, and stores in which somebody else wrote: one message or a finding, and not one byte changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import blob_path, layer_path, place_on_disk, revision_path, tag_path

from modules.bad_input.looking import SECONDS

IMAGE = images.build("one")
NOBODY = 65534


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A sound store with one image."""
    place_on_disk(str(tmp_path / "data"), "app", "v1", IMAGE)
    return tmp_path / "data"


def contents(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Everything below ``root``, as it is: path to mode, time of change, and bytes."""
    found = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        found[str(path)] = (status.st_mode, status.st_mtime_ns, path.read_bytes() if path.is_file() else b"")
    return found


def looked_unchanged(on_disk, root, **options):
    """The outcome of a scan that left everything as it was."""
    before = contents(root)
    outcome = on_disk(root, **options)
    assert contents(root) == before
    return outcome


@pytest.mark.parametrize("kind", ["nothing", "file", "empty", "something else"])
def test_a_path_that_is_no_store(on_disk, tmp_path, kind):
    path = tmp_path / "place"
    if kind == "file":
        path.write_text("no store")
    elif kind != "nothing":
        path.mkdir()
    if kind == "something else":
        (path / "docker").mkdir()
        (path / "README").write_text("no store")
    outcome = on_disk(path)
    assert outcome.status == 2
    assert str(path) in outcome.message and "rootdirectory" in outcome.message


def test_a_store_to_which_nothing_was_pushed(on_disk, tmp_path):
    (tmp_path / "docker/registry/v2").mkdir(parents=True)
    outcome = on_disk(tmp_path)
    assert (outcome.status, outcome.report["healthy"], outcome.report["summary"]["repositories"]) == (0, True, 0)


def test_a_registry_to_which_nothing_was_pushed(over_http, registry):
    outcome = over_http(registry().address)
    assert (outcome.status, outcome.report["healthy"], outcome.report["summary"]["repositories"]) == (0, True, 0)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        b"sha256:../../../../etc/passwd",
        b"sha256:" + b"A" * 64,
        b"\xff\xfe\0",
        b"sha256:" + b"a" * 63,
        b"x" * 100_000,
    ],
)
@pytest.mark.parametrize("which", ["tag", "revision", "layer"])
def test_a_link_that_holds_no_digest(on_disk, store, which, content):
    child = IMAGE.children[0]
    path, code = {
        "tag": (tag_path(str(store), "app", "v1"), "tag-dangling"),
        "revision": (revision_path(str(store), "app", child.digest), "child-missing"),
        "layer": (layer_path(str(store), "app", child.blobs[-1].digest), "layer-missing"),
    }[which]
    Path(path).write_bytes(content)
    outcome = looked_unchanged(on_disk, store)
    assert outcome.status == 1
    assert sorted(set(outcome.codes())) == sorted(["link-invalid", code])


@pytest.mark.parametrize("content", [b"", b"garbage", b"sha256:../../../../etc/passwd"])
def test_a_link_that_holds_no_digest_over_http(over_http, registry, content):
    made = registry()
    place_on_disk(made.root, "app", "v1", IMAGE)
    Path(revision_path(made.root, "app", IMAGE.children[0].digest)).write_bytes(content)
    outcome = over_http(made.address)
    assert (outcome.status, outcome.codes()) == (1, ["child-missing"])


def outside(store: Path) -> Path:
    """A folder beside the store with what must not be read, and what would look sound if it were."""
    folder = store.parent / "outside"
    place_on_disk(str(folder), "app", "v1", IMAGE)
    return folder


@pytest.mark.parametrize("which", ["link", "data", "repository", "loop"])
def test_a_symbolic_link_is_never_taken_for_what_it_points_at(on_disk, store, which):
    elsewhere, layer = outside(store), IMAGE.children[0].blobs[-1].digest
    inside = {
        "link": Path(layer_path(str(store), "app", layer)),
        "data": Path(blob_path(str(store), layer)),
        "repository": store / "docker/registry/v2/repositories/app",
        "loop": store / "docker/registry/v2/repositories/app/again",
    }[which]
    target = store / "docker" if which == "loop" else elsewhere / inside.relative_to(store)
    if inside.is_dir():
        shutil.rmtree(inside)
    inside.unlink(missing_ok=True)
    inside.symlink_to(target)
    outcome = looked_unchanged(on_disk, store)
    assert outcome.status == 2
    assert inside.name in outcome.message or str(inside.relative_to(store)) in outcome.message
    assert "symbolic link" in outcome.message


@pytest.fixture
def shared_store() -> Iterator[Path]:
    """A store that other users can reach."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - another user is to look at it
        place_on_disk(os.path.join(folder, "data"), "app", "v1", IMAGE)
        place_on_disk(os.path.join(folder, "data"), "secret", "v1", images.image("two"))
        yield Path(folder, "data")


@pytest.mark.parametrize("hidden", ["docker", "docker/registry/v2/repositories/secret", "docker/registry/v2/blobs/sha256"])
def test_a_folder_that_may_not_be_read(shared_store, hidden):
    from runbook.build import write

    if os.geteuid() != 0:
        pytest.skip("only root can look as another user")
    doctor = shared_store.parent / "registry-doctor.pyz"
    write(doctor)
    (shared_store / hidden).chmod(0o700)
    ran = subprocess.run(
        ["/usr/bin/python3", doctor, "scan", shared_store],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        user=NOBODY,
        group=NOBODY,
    )
    told = ran.stdout + ran.stderr
    assert ran.returncode == 2, told
    assert "Traceback" not in told
    assert "Permission denied" in told and Path(hidden).name in told
