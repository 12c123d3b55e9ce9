# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of registry_repair share: the module run as Ansible runs it, and stores in which something was broken for real."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible.module_utils.oci_registry.client import Client, Settings
from ansible.module_utils.oci_registry.scan import scan
from ansible.module_utils.oci_registry.walk import walk
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import place_on_disk
from ansible.module_utils.registry_lab.push import push
from ansible.module_utils.testing import patch_module_args
from ansible.modules import registry_repair

Result = dict[str, Any]
Repair = Callable[..., Result]
REPOSITORY, TAG = "team/app", "v1"
OWN = ".registry-runbooks"
#: further configuration of a registry that logs every request
ACCESS_LOG = {"log": {"accesslog": {"disabled": False}}}


class Broken(NamedTuple):
    """A store with damage, a copy from before it, and what a scan says of it."""

    root: str
    snapshot: str
    image: images.Image
    findings: list[dict[str, Any]]
    registry: Any = None  # that serves it

    @property
    def from_snapshot(self) -> dict[str, Any]:
        return {"sources": [{"type": "snapshot", "path": self.snapshot}]}

    @property
    def on_disk(self) -> dict[str, Any]:
        return {"path": self.root, "findings": self.findings}

    @property
    def over_api(self) -> dict[str, Any]:
        return {"registry": self.registry.address, "scheme": "http", "findings": self.findings}


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Repairs without a store keep their lock and journal in the temporary folder of the machine: not those of a test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))


@pytest.fixture
def repair(capsys: pytest.CaptureFixture[str]) -> Repair:
    """``repair(check=False, **options)``: the module's result as JSON, ``failed`` included."""

    def run(check: bool = False, **options: Any) -> Result:
        capsys.readouterr()
        arguments = {**options, "_ansible_check_mode": check, "_ansible_diff": True}
        with patch_module_args(arguments), pytest.raises(SystemExit):
            registry_repair.main()
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def broken(tmp_path: Path) -> Callable[..., Broken]:
    """``broken(*kinds)``: a store without a registry, with a two-platform build in it, damaged in these ways."""

    def make(*kinds: str, folder: Path = tmp_path) -> Broken:
        root, image = str(folder / "store"), two_platforms()
        place_on_disk(root, REPOSITORY, TAG, image)
        snapshot = shutil.copytree(root, tmp_path / "snapshot")
        return _damaged(root, str(snapshot), image, kinds)

    return make


@pytest.fixture
def broken_registry(tmp_path: Path, registry: Callable[..., Any]) -> Callable[..., Broken]:
    """``broken_registry(*kinds, **options)``: the same, pushed to a running registry of each version, restarted after the damage."""

    def make(*kinds: str, **options: Any) -> Broken:
        made, image = registry(**options), two_platforms()
        push(made, REPOSITORY, TAG, image)
        snapshot = shutil.copytree(made.root, tmp_path / "snapshot")
        found = _damaged(made.root, str(snapshot), image, kinds)
        made.restart()
        return found._replace(registry=made)

    return make


def two_platforms() -> images.Image:
    """A build of two platforms with attestations, which share a layer, under an index that does not write its mediaType."""
    build = images.build("app", shared=[images.layer("shared", size=5000)])
    return images.index(build.children, written=False)


def _damaged(root: str, snapshot: str, image: images.Image, kinds: tuple[str, ...]) -> Broken:
    for number, kind in enumerate(kinds):
        damage(kind, root, REPOSITORY, TAG, which=number)
    return Broken(root, snapshot, image, [dict(finding, store=root) for finding in scanned(root)])


def scanned(root: str) -> list[dict[str, Any]]:
    """What is wrong on disk, every byte looked at."""
    report = scan(root, mode="hosted", proof="content")
    assert report.complete, report.problems
    return report.as_dict()["findings"]


def walked(registry: Any) -> list[dict[str, Any]]:
    """What is wrong over HTTP, right after a restart, every byte looked at."""
    registry.restart()
    settings = Settings(registry.address, scheme=registry.scheme, ca_path=registry.ca_path)
    return walk(Client(settings)).as_dict()["findings"]


def tree_of(root: str, *, own: bool = True) -> dict[str, tuple[int, int, bytes]]:
    """Every file below a folder: inode, time of change in nanoseconds, content. ``own`` False leaves out what repairs keep there."""
    files = (path for path in Path(root).rglob("*") if path.is_file() and (own or OWN not in path.parts))
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def contents(root: str) -> dict[str, bytes]:
    """Path below a rootdirectory: content of every file of the store itself."""
    return {path.removeprefix(root): content for path, (_inode, _time, content) in tree_of(root, own=False).items()}


def actions(result: Result) -> list[tuple[str, str]]:
    """(action, way) of each step that was done or is planned by the module itself."""
    return [(step["action"], step["way"]) for step in result["plan"] if step["state"] in ("done", "planned")]


def spools(root: str) -> list[Path]:
    """The temporary files of repairs."""
    folder = Path(root, OWN, "tmp")
    return list(folder.iterdir()) if folder.is_dir() else []
