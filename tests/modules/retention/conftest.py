# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of registry_retention share: the module run as Ansible runs it, and registries full of images of every kind."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible.module_utils.oci_registry.client import Client, Settings
from ansible.module_utils.oci_registry.scan import scan
from ansible.module_utils.oci_registry.walk import walk
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import revision_path, tag_path
from ansible.module_utils.registry_lab.push import push
from ansible.module_utils.testing import patch_module_args
from ansible.modules import registry_repair, registry_retention

Result = dict[str, Any]
Run = Callable[..., Result]
APP, OTHER = "team/app", "team/other"
OWN = ".registry-runbooks"
HOUR = 3600.0


class Stocked(NamedTuple):
    """A registry with builds v1 to v5 of two platforms in two repositories, and what was pushed there."""

    registry: Any
    builds: dict[str, images.Image]  # by tag

    @property
    def root(self) -> str:
        return self.registry.root

    @property
    def over_api(self) -> dict[str, Any]:
        return {"registry": self.registry.address, "scheme": self.registry.scheme, "dialect": self.dialect}

    @property
    def dialect(self) -> str:
        return "3" if "registry3" in self.registry.settings.binary else "2"

    @property
    def options(self) -> dict[str, Any]:
        return {**self.over_api, "path": self.root, "keep_newest": 2}


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs without a store keep their lock and journal in the temporary folder of the machine: not those of a test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))


def _runner(module: Any, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(check: bool = False, **options: Any) -> Result:
        capsys.readouterr()
        arguments = {**options, "_ansible_check_mode": check, "_ansible_diff": True}
        with patch_module_args(arguments), pytest.raises(SystemExit):
            module.main()
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def retain(capsys: pytest.CaptureFixture[str]) -> Run:
    """``retain(check=False, **options)``: the module's result as JSON, ``failed`` included."""
    return _runner(registry_retention, capsys)


@pytest.fixture
def repair(capsys: pytest.CaptureFixture[str]) -> Run:
    """The same for registry_repair, which undoes."""
    return _runner(registry_repair, capsys)


@pytest.fixture
def stocked(registry: Callable[..., Any]) -> Callable[..., Stocked]:
    """``stocked(**options)``: see :class:`Stocked`; for each version of the registry."""
    return lambda **options: stock(registry(**options))


@pytest.fixture
def any_stocked(any_registry: Callable[..., Any]) -> Callable[..., Stocked]:
    """The same, for tests to which the version is all one."""
    return lambda **options: stock(any_registry(**options))


def stock(registry: Any) -> Stocked:
    """Push v1 to v5, each an hour after the other, and a second repository that shares v1 and v2."""
    shared = images.layer("shared")
    builds = {f"v{number}": images.build(f"app-{number}", shared=[shared]) for number in range(1, 6)}
    for repository, tags in ((APP, list(builds)), (OTHER, ["v1", "v2"])):
        for tag in tags:
            push(registry, repository, tag, builds[tag])
            age(registry.root, repository, tag, 10.0 - int(tag[1:]))
    return Stocked(registry, builds)


def age(root: str, repository: str, tag: str, hours: float) -> None:
    """Let a tag have been pushed so many hours ago."""
    when = time.time() - hours * HOUR
    os.utime(tag_path(root, repository, tag), (when, when))


def age_link(root: str, repository: str, digest: str, hours: float) -> None:
    """Let the link of a manifest have been written so many hours ago."""
    when = time.time() - hours * HOUR
    os.utime(revision_path(root, repository, digest), (when, when))


def tags_of(root: str, repository: str) -> set[str]:
    """The tags on disk."""
    folder = Path(tag_path(root, repository, "any")).parents[2]
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def is_linked(root: str, repository: str, digest: str) -> bool:
    """Whether the repository serves the manifest."""
    return os.path.exists(revision_path(root, repository, digest))


def walked(registry: Any) -> list[dict[str, Any]]:
    """What is wrong over HTTP, right after a restart, every byte looked at."""
    registry.restart()
    settings = Settings(registry.address, scheme=registry.scheme, ca_path=registry.ca_path)
    report = walk(Client(settings), concurrency=2)
    assert report.complete, report.problems
    return report.as_dict()["findings"]


def scanned(root: str, dialect: str = "2", mode: str = "hosted") -> list[dict[str, Any]]:
    """What is wrong on disk, every byte looked at; layer links that a collection leaves behind are no more than wasted space."""
    report = scan(root, mode=mode, proof="content", dialect=dialect)
    assert report.complete, report.problems
    return [finding for finding in report.as_dict()["findings"] if finding["severity"] != "info"]


def store_files(root: str) -> dict[str, bytes]:
    """Path below a rootdirectory: content of every file of the store itself."""
    files = (path for path in Path(root).rglob("*") if path.is_file() and OWN not in path.parts and "_uploads" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def changes(result: Result) -> list[tuple[Any, ...]]:
    """What is planned or was done, without its state."""
    return [
        (item["action"], item["repository"], tuple(item["tags"]), item["digest"], tuple(item["parts"]), item["way"])
        for item in result["plan"]
        if item["state"] in ("planned", "done")
    ]
