# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Scans beside a registry that goes on working, by several processes and threads, and scans that are given up."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.oci_registry.errors import BadInput, NotAStore
from ansible.module_utils.oci_registry.scan import scan
from ansible.module_utils.registry_lab import damage, images, place


def _when(phase: str, act: Callable[[], None]) -> Callable[[str, int, int], None]:
    """A progress callback that acts once, as soon as the phase has ended."""
    waiting = [act]

    def progress(name: str, done: int, total: int) -> None:
        if name == phase and done == total and waiting:
            waiting.pop()()

    return progress


@pytest.mark.parametrize("phase", ["repositories", "blobs"])
def test_what_is_deleted_meanwhile_is_no_fault(store: Any, phase: str) -> None:
    def delete() -> None:
        shutil.rmtree(store.tag().parent.parent)
        for manifest in store.index.manifests():
            store.revision(manifest.digest).unlink()
            store.blob(manifest.digest).unlink()

    assert store.scan(progress=_when(phase, delete)).findings == []


def test_a_tag_that_is_moved_meanwhile_is_no_fault(store: Any) -> None:
    def push() -> None:
        store.place("v1", images.image("newer"))
        store.blob(store.index.digest).unlink()
        store.revision(store.index.digest).unlink()

    assert store.scan(progress=_when("repositories", push)).findings == []


def test_what_is_repaired_meanwhile_is_no_fault(store: Any) -> None:
    link = store.revision(store.child.digest)
    link.write_bytes(b"")
    assert store.scan(progress=_when("blobs", lambda: link.write_text(store.child.digest) and None)).findings == []


@pytest.fixture
def damaged(tmp_path: Path) -> str:
    """A store of twelve repositories, some with damage."""
    root = str(tmp_path / "several")
    for number, repository in enumerate(place.make_store(root, repositories=12, tags=2, layers=3)):
        kind = sorted(damage.BASELINE)[number]
        if damage.candidates(kind, root, repository, "v000"):
            damage.damage(kind, root, repository, "v000")
    (Path(root) / "docker/registry/v2/repositories/app-003/_layers/sha256/broken").symlink_to("/etc")
    return root


@pytest.mark.parametrize("proof", ["sizes", "content"])
def test_processes_and_threads_change_nothing(damaged: str, proof: str) -> None:
    def outcome(threads: int) -> dict[str, Any]:
        record = scan(damaged, proof=proof, threads=threads).as_dict()
        del record["summary"]["seconds"]
        return record

    alone = outcome(1)
    assert alone["findings"]
    assert alone["problems"]
    assert outcome(0) == outcome(8) == alone


def test_progress_ends_with_everything_done(damaged: str) -> None:
    told: dict[str, tuple[int, int]] = {}
    scan(damaged, progress=lambda phase, done, total: told.update({phase: (done, total)}))
    assert told["repositories"] == told["judging"] == (12, 12)
    assert told["blobs"][0] == told["blobs"][1] > 0


@pytest.mark.parametrize("threads", [0, 1])
def test_a_scan_can_be_given_up_and_says_so(damaged: str, threads: int) -> None:
    report = scan(damaged, threads=threads, cancel=lambda: True)
    assert report.exit_code == 2
    assert [problem for problem in report.problems if "cancelled" in problem]
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)  # no process is left behind


def test_no_descriptor_is_left_open(damaged: str) -> None:
    before = os.listdir("/proc/self/fd")
    for threads in (0, 1):
        scan(damaged, threads=threads, proof="content")
    assert len(os.listdir("/proc/self/fd")) == len(before)


@pytest.mark.parametrize("option", ["mode", "proof", "dialect"])
def test_an_unknown_option_is_one_clear_error(store: Any, option: str) -> None:
    with pytest.raises(BadInput, match="'odd' is none of"):
        store.scan(**{option: "odd"})


def test_a_folder_without_a_store_is_one_clear_error(tmp_path: Path, store: Any) -> None:
    with pytest.raises(NotAStore, match="docker/registry/v2"):
        store._replace(root=tmp_path).scan()
