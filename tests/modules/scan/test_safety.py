# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A scan never leaves the store, never blocks, and never takes "could not look" for "is not there"."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.oci_registry.errors import StoreUnreadable
from ansible.module_utils.oci_registry.scan import scan
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import place_on_disk, revision_path

NOBODY = 65534


def as_nobody(work: Callable[[], Any]) -> Any:
    """The result of ``work`` in a process without root's rights (in this one if it has none)."""
    if os.geteuid() != 0:
        return work()
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os.write(theirs, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as stream:
        text = stream.read()
    os.waitpid(pid, 0)
    return json.loads(text)


@pytest.fixture
def open_store(store: Any) -> Any:
    """The store, where a user without rights gets to it."""
    for folder in (store.root, *store.root.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(0o755)
    yield store
    for folder, _folders, _files in os.walk(store.root):
        Path(folder).chmod(0o755)


def replace_by_symlink(path: Path, outside: Path) -> None:
    """Move ``path`` out of the store and leave a symbolic link to it."""
    shutil.move(path, outside)
    path.symlink_to(outside)


@pytest.mark.parametrize(
    "choose",
    [
        pytest.param(lambda store: store.blob(store.child.digest), id="manifest"),
        pytest.param(lambda store: store.blob(store.child.blobs[-1].digest), id="layer"),
        pytest.param(lambda store: store.blob(store.child.digest).parent, id="blob folder"),
        pytest.param(lambda store: store.blob(store.child.digest).parent.parent, id="shard"),
        pytest.param(lambda store: store.blob(store.child.digest).parent.parent.parent, id="algorithm"),
        pytest.param(lambda store: store.root / "docker/registry/v2/blobs", id="blobs"),
        pytest.param(lambda store: store.revision(store.child.digest), id="revision link"),
        pytest.param(lambda store: store.revision(store.child.digest).parent, id="revision folder"),
        pytest.param(lambda store: store.revision(store.child.digest).parent.parent.parent, id="revisions"),
        pytest.param(lambda store: store.layer(store.child.blobs[-1].digest), id="layer link"),
        pytest.param(lambda store: store.layer(store.child.blobs[-1].digest).parent.parent, id="layers"),
        pytest.param(lambda store: store.tag(), id="tag link"),
        pytest.param(lambda store: store.tag().parent, id="current"),
        pytest.param(lambda store: store.tag().parent.parent, id="tag"),
        pytest.param(lambda store: store.tag().parent.parent.parent, id="tags"),
        pytest.param(lambda store: store.tag().parent.parent / "index", id="history"),
        pytest.param(lambda store: store.root / "docker/registry/v2/repositories/app", id="repository"),
        pytest.param(lambda store: store.root / "docker/registry/v2/repositories", id="repositories"),
    ],
)
def test_no_symbolic_link_is_followed_and_nothing_behind_it_is_accused(
    store: Any, tmp_path: Path, choose: Callable[[Any], Path]
) -> None:
    path = choose(store)
    replace_by_symlink(path, tmp_path / "outside")
    report = store.scan()
    assert [problem for problem in report.problems if f"{path} is a symbolic link to '{tmp_path / 'outside'}'" in problem]
    assert report.exit_code == 2
    assert {finding.code for finding in report.findings} == set()


def test_the_rootdirectory_itself_may_be_a_symbolic_link(store: Any, tmp_path: Path) -> None:
    replace_by_symlink(store.root, tmp_path / "elsewhere")
    assert store.scan().healthy


def test_a_symbolic_link_on_the_way_to_the_store_is_refused(store: Any, tmp_path: Path) -> None:
    replace_by_symlink(store.root / "docker" / "registry", tmp_path / "elsewhere")
    with pytest.raises(StoreUnreadable, match="symbolic link"):
        store.scan()


@pytest.mark.parametrize(
    "choose",
    [
        pytest.param(lambda store: store.blob(store.child.digest), id="manifest"),
        pytest.param(lambda store: store.revision(store.child.digest), id="link"),
        pytest.param(lambda store: store.tag(), id="tag"),
    ],
)
def test_a_pipe_does_not_block(store: Any, choose: Callable[[Any], Path]) -> None:
    path = choose(store)
    path.unlink()
    os.mkfifo(path)
    assert store.scan().exit_code != 0


@pytest.mark.parametrize(
    "choose",
    [
        pytest.param(lambda store: store.blob(store.child.digest), id="manifest"),
        pytest.param(lambda store: store.blob(store.child.blobs[-1].digest).parent, id="blob folder"),
        pytest.param(lambda store: store.blob(store.child.digest).parent.parent, id="shard"),
        pytest.param(lambda store: store.revision(store.child.digest), id="revision link"),
        pytest.param(lambda store: store.layer(store.child.blobs[-1].digest).parent.parent, id="layers"),
        pytest.param(lambda store: store.tag(), id="tag link"),
        pytest.param(lambda store: store.tag().parent.parent.parent, id="tags"),
        pytest.param(lambda store: store.root / "docker/registry/v2/repositories/app", id="repository"),
        pytest.param(lambda store: store.root / "docker/registry/v2/repositories", id="repositories"),
    ],
)
def test_what_may_not_be_read_is_a_problem_and_not_a_finding(open_store: Any, choose: Callable[[Any], Path]) -> None:
    path = choose(open_store)
    path.chmod(0)
    codes, problems, exit_code = as_nobody(lambda: _outcome(open_store))
    path.chmod(0o755)
    assert [problem for problem in problems if str(path) in problem and "Permission denied" in problem]
    assert exit_code == 2
    assert codes == []


def test_a_store_that_may_not_be_entered_is_an_error(open_store: Any) -> None:
    (open_store.root / "docker").chmod(0)

    def message() -> str:
        try:
            return repr(open_store.scan())
        except StoreUnreadable as error:
            return str(error)

    text = as_nobody(message)
    (open_store.root / "docker").chmod(0o755)
    assert f"{open_store.root / 'docker'} cannot be read (Permission denied)" in text
    assert "root" in text


def _outcome(store: Any) -> tuple[list[str], list[str], int]:
    report = store.scan()
    return [finding.code for finding in report.findings], report.problems, report.exit_code


def test_content_that_may_not_be_read_is_a_problem(open_store: Any) -> None:
    path = open_store.blob(open_store.child.blobs[-1].digest)
    path.chmod(0)
    codes, problems = as_nobody(lambda: [list(part) for part in _codes_and_problems(open_store)])
    assert codes == []
    assert [problem for problem in problems if str(path) in problem]


def _codes_and_problems(store: Any) -> tuple[list[str], list[str]]:
    report = store.scan(proof="content")
    return [finding.code for finding in report.findings], report.problems


def test_indexes_that_name_each_other_again_and_again_come_to_an_end(tmp_path: Path) -> None:
    """Eight levels of nine times the same child would else be 43 million looks."""
    root, image = str(tmp_path / "store"), images.image("app")
    for _level in range(8):
        image = images.index([image] * 9)._replace(children=(image,))
    place_on_disk(root, "team/app", "v1", image)
    os.unlink(revision_path(root, "team/app", image.digest))
    (finding,) = scan(root).as_dict()["findings"]
    assert (finding["code"], finding["state"]) == ("tag-dangling", "unlinked")


def test_a_manifest_whose_media_type_is_a_list_is_a_finding(tmp_path: Path) -> None:
    """36 bytes that anybody who may push can bring into a store, by way of a blob."""
    root, content = str(tmp_path / "store"), b'{"schemaVersion":2,"mediaType":["x"]}'
    place_on_disk(root, "team/app", "v1", images.Image(images.digest_of(content), content, images.OCI_MANIFEST))
    (finding,) = scan(root).as_dict()["findings"]
    assert finding["code"] == "tag-dangling"
    assert "mediaType that is none" in finding["detail"]
