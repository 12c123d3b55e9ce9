# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The quarantine, the journal and the workplace, on hostile and damaged files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.apply.beneath import parent_folder
from ansible.module_utils.oci_registry.apply.disk import StoreWriter
from ansible.module_utils.oci_registry.apply.journal import Journal, close_interrupted
from ansible.module_utils.oci_registry.apply.quarantine import entries_of, keep, list_quarantine, put_back
from ansible.module_utils.oci_registry.apply.spool import Spool
from ansible.module_utils.oci_registry.apply.workplace import Workplace
from ansible.module_utils.oci_registry.digest import sha256_of
from ansible.module_utils.oci_registry.errors import ApplyFailed, BadInput, ProtocolError

RUN = "20261123T191500Z-3fa2c1"
FILE = "docker/registry/v2/blobs/sha256/ab/data"


@pytest.fixture
def root(tmp_path: Path) -> str:
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_bytes(b"damaged")
    return str(tmp_path)


@pytest.fixture
def workplace(root: str) -> Workplace:
    return Workplace.of_store(root)


def test_a_store_without_a_quarantine(root):
    assert list_quarantine(root) == []


def test_kept_listed_and_put_back(root, workplace):
    inode = os.stat(Path(root, FILE)).st_ino
    entry = keep(root, workplace, RUN, FILE, "sha256:x", "it was damaged")
    assert os.stat(Path(root, entry["kept"])).st_ino == inode
    (listed,) = list_quarantine(root)
    assert listed == {**entry, "size": 7}
    Path(root, FILE).unlink()
    put_back(root, entry)
    assert os.stat(Path(root, FILE)).st_ino == inode
    assert list_quarantine(root) == []


def test_a_file_that_was_kept_and_never_replaced_is_put_back_too(root, workplace):
    entry = keep(root, workplace, RUN, FILE, "", "killed right after")
    put_back(root, entry)
    assert Path(root, FILE).read_bytes() == b"damaged"
    assert list_quarantine(root) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"path": "../../etc/passwd"},
        {"path": "docker/registry/v2/../../../etc/passwd"},
        {"path": "/etc/passwd"},
        {"path": "docker/registry/v2//x"},
        {"kept": "docker/registry/v2/elsewhere"},
        {"run_id": "../x"},
        {"path": 7},
        {"path": None},
    ],
    ids=str,
)
def test_entries_that_nobody_can_have_written_are_passed_over(changes, root, workplace):
    entry = keep(root, workplace, RUN, FILE, "", "good")
    index = Path(root, ".registry-runbooks/quarantine/index.jsonl")
    with index.open("a") as file:
        file.write(json.dumps({**entry, **changes}) + "\n" + "[1]\n{}\nnonsense\n")
    assert [listed["path"] for listed in list_quarantine(root)] == [FILE]


def test_a_run_that_kept_nothing(root, workplace):
    keep(root, workplace, RUN, FILE, "", "good")
    assert len(entries_of(root, RUN)) == 1
    with pytest.raises(BadInput, match=RUN):
        entries_of(root, "another")


def test_a_run_that_was_killed_is_told_once(workplace):
    ended, killed, torn = (Journal(workplace, name) for name in ("a", "b", "c"))
    for journal in (ended, killed, torn):
        journal.write("begin", digest="sha256:x" * 1000)
    ended.end()
    with open(os.path.join(workplace.base, "journal", "c.jsonl"), "a") as file:
        file.write('{"event": "e')
    assert close_interrupted(workplace, "d") == ["b", "c"]
    assert close_interrupted(workplace, "e") == []
    for name in "abc":
        lines = Path(workplace.base, "journal", f"{name}.jsonl").read_text().splitlines()
        assert json.loads(lines[-1])["event"] in ("end", "superseded")


def test_a_journal_without_entries_leaves_no_file(workplace):
    Journal(workplace, RUN).end()
    assert not Path(workplace.base).exists()


def test_a_workplace_that_is_a_link_is_refused(root, workplace, tmp_path_factory):
    Path(workplace.base).symlink_to(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(ApplyFailed, match="is not a folder of this user"):
        workplace.folder("tmp")


@pytest.mark.parametrize("path", ["../x", "a/../x", "/etc/x", "a//x", ""])
def test_no_write_leaves_the_store(path, root):
    with pytest.raises(ApplyFailed), parent_folder(root, path, create=True):
        pass


def test_a_link_on_the_way_is_refused(root, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    Path(root, "docker/link").symlink_to(outside)
    with (
        pytest.raises(ApplyFailed, match="Symbolic links are not followed"),
        parent_folder(root, "docker/link/new/file", create=True),
    ):
        pass
    assert list(outside.iterdir()) == []


def test_a_spool_knows_right_bytes_and_never_outlives_its_block(workplace):
    with Spool(workplace, sha256_of(b"right")) as spool:
        spool.write(b"ri")
        spool.write(b"ght")
        spool.settle()
        assert spool.verified()
        assert Path(spool.path).read_bytes() == b"right"
    assert not Path(spool.path).exists()
    with Spool(workplace, sha256_of(b"right")) as spool:
        spool.write(b"wrong")
        assert not spool.verified()


def test_a_spool_takes_no_more_than_its_limit(workplace):
    with Spool(workplace, sha256_of(b"right"), 5) as spool:
        spool.write(b"right")
        with pytest.raises(ProtocolError, match="more than the 5 bytes"):
            spool.write(b"!")


def test_new_files_take_after_the_folder_that_they_are_in(root, workplace):
    Path(root, "docker/registry").chmod(0o2750)
    writer = StoreWriter(root, workplace, RUN)
    writer.put_link("docker/registry/a/b/link", sha256_of(b"x"), "new")
    made = Path(root, "docker/registry/a/b")
    assert (made.stat().st_mode & 0o7777, made.parent.stat().st_mode & 0o7777) == (0o2750, 0o2750)
    assert (made / "link").read_text() == sha256_of(b"x")
    assert (made / "link").stat().st_mode & 0o777 == 0o644
    assert writer.kept == []


def test_stale_temporary_files_go(workplace):
    folder = workplace.folder("tmp")
    Path(folder, "spool-left").write_bytes(b"x")
    assert workplace.remove_stale() == ["spool-left"]
    assert workplace.remove_stale() == []
