# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""image_content_export: what a host still has of wanted digests, every byte hashed, in one archive that repairs take."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.sources import ArchiveSource
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import place_on_disk

from plugins.contents import content_store


@pytest.fixture
def export(run_module, tmp_path):
    """``export(sources, digests, check=False, **options)`` into ``content.tar``."""

    def run(sources, digests, check=False, **options):
        given = {"path": str(tmp_path / "content.tar"), "digests": digests, **options}
        return run_module("image_content_export", check, sources=sources, **given)

    return run


def held(path: Path) -> list[str]:
    archive = ArchiveSource(str(path))
    try:
        return sorted(archive.digests())
    finally:
        archive.close()


def digests_of(records) -> list[str]:
    return sorted(record["digest"] for record in records)


def test_an_image_comes_with_all_that_it_needs_and_nothing_else(export, tmp_path):
    image, other = images.build("app"), images.image("other")
    source = content_store(tmp_path / "store", {**image.contents(), **other.contents()})
    result = export([source], [image.digest])
    assert digests_of(result["found"]) == sorted(image.contents()) == held(tmp_path / "content.tar")
    assert (result["changed"], result["missing"], result["bytes"]) == (True, [], sum(map(len, image.contents().values())))
    assert (tmp_path / "content.tar").stat().st_mode & 0o777 == 0o600
    inspected = subprocess.run(
        ["skopeo", "inspect", "--raw", f"oci-archive:{tmp_path}/content.tar"], capture_output=True, check=True
    )
    assert inspected.stdout == image.content, "other programs take it for what it is"


def test_a_second_run_changes_nothing_and_a_damaged_archive_is_written_again(export, tmp_path):
    image = images.image("app")
    source = content_store(tmp_path / "store", image.contents())
    export([source], [image.digest])
    path = tmp_path / "content.tar"
    before = path.read_bytes()
    assert not export([source], [image.digest])["changed"]
    path.write_bytes(before.replace(image.blobs[-1].content, b"\0" * len(image.blobs[-1].content)))
    assert export([source], [image.digest])["changed"]
    assert path.read_bytes() == before


def test_check_mode_says_what_is_here_and_writes_nothing(export, tmp_path):
    image = images.image("app")
    result = export([content_store(tmp_path / "store", image.contents())], [image.digest], check=True)
    assert result["changed"]
    assert digests_of(result["found"]) == sorted(image.contents())
    assert not (tmp_path / "content.tar").exists()


def test_what_an_engine_has_of_one_platform(export, tmp_path):
    """The other platform's manifest is missing, and what that needs nobody here knows."""
    image = images.build("app")
    mine, other = image.children[0], image.children[1]
    kept = {image.digest: image.content, **mine.contents()}
    result = export([content_store(tmp_path / "store", kept)], [image.digest])
    assert digests_of(result["found"]) == sorted(kept)
    missing = {record["digest"]: record["needed_by"] for record in result["missing"]}
    assert missing[other.digest] == image.digest
    assert not set(missing) & {blob.digest for blob in other.blobs}


def test_single_blobs_and_what_need_not_travel(export, tmp_path):
    image = images.image("app")
    blob, unneeded = image.blobs[0].digest, image.blobs[1].digest
    source = content_store(tmp_path / "store", image.contents())
    assert digests_of(export([source], [blob])["found"]) == [blob]
    result = export([source], [image.digest], unneeded=[unneeded])
    assert digests_of(result["found"]) == sorted({*image.contents()} - {unneeded})
    assert result["missing"] == []


def test_wrong_bytes_do_not_count_and_the_next_source_is_used(export, tmp_path):
    image = images.image("app")
    layer = image.blobs[-1]
    wrong = content_store(tmp_path / "wrong", {**image.contents(), layer.digest: b"\0" * len(layer.content)})
    short = content_store(tmp_path / "short", {layer.digest: b"short"})
    result = export([wrong], [image.digest])
    assert [(record["digest"], "does not hash to it" in record["why"]) for record in result["missing"]] == [(layer.digest, True)]
    assert held(tmp_path / "content.tar") == sorted({*image.contents()} - {layer.digest})
    image_only = content_store(tmp_path / "manifest", {image.digest: image.content})
    told = {record["digest"]: record["why"] for record in export([image_only, short], [image.digest])["missing"]}
    assert f"has 5 bytes, not {len(layer.content)}" in told[layer.digest]
    good = content_store(tmp_path / "good", {layer.digest: layer.content})
    assert export([short, wrong, good], [layer.digest])["missing"] == [], "whose size nobody said"
    result = export([short, wrong, good], [image.digest])
    assert result["missing"] == []
    assert held(tmp_path / "content.tar") == sorted(image.contents())
    assert {record["source"] for record in result["found"] if record["digest"] == layer.digest} == {f"containerd {good['path']}"}


def test_only_wrong_bytes_leave_no_archive(export, tmp_path):
    layer = images.layer("app")
    result = export([content_store(tmp_path / "wrong", {layer.digest: b"wrong"})], [layer.digest])
    assert (result["changed"], result["path"], result["found"]) == (False, "", [])
    assert [path.name for path in tmp_path.iterdir()] == ["wrong"]


@pytest.mark.parametrize("kind", ["snapshot", "layout", "archive"])
def test_other_places_on_the_host(kind, export, tmp_path):
    image = images.image("app")
    path = tmp_path / kind
    if kind == "snapshot":
        place_on_disk(str(path), "team/app", "v1", image)
    else:
        content_store(path, image.contents())
    if kind == "archive":
        subprocess.run(["tar", "-C", str(path), "-czf", f"{path}.tgz", "."], check=True)
        path = tmp_path / "archive.tgz"
    result = export([{"type": kind, "path": str(path)}], [image.digest])
    assert digests_of(result["found"]) == sorted(image.contents()), result


def test_a_place_that_cannot_be_looked_at_is_a_problem_unless_it_is_the_only_one(export, tmp_path):
    image = images.image("app")
    nowhere = {"type": "containerd", "path": str(tmp_path / "nowhere")}
    result = export([nowhere, content_store(tmp_path / "store", image.contents())], [image.digest])
    assert digests_of(result["found"]) == sorted(image.contents())
    assert "holds no content store" in result["problems"][0]
    alone = export([nowhere], [image.digest])
    assert (alone["failed"], alone["code"]) == (True, "bad-input")


def test_a_full_disk_leaves_nothing_behind(export, tmp_path):
    image = images.image("app")
    source = content_store(tmp_path / "store", image.contents())
    result = export([source], [image.digest], path="/proc/content.tar")
    assert (result["failed"], result["code"], result["changed"]) == (True, "apply-failed", False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"digests": ["latest"]}, "is no digest"),
        ({"digests": ["sha256:" + "0" * 64], "sources": [{"type": "layout"}]}, "needs path"),
        ({"digests": ["sha256:" + "0" * 64], "sources": []}, "no source is named"),
    ],
)
def test_options_that_cannot_be_used(options, words, run_module, tmp_path):
    result = run_module("image_content_export", path=str(tmp_path / "content.tar"), **options)
    assert (result["code"], words in result["msg"]) == ("bad-input", True), result["msg"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_owner_of_the_folder_can_read_it(export, tmp_path):
    image, folder = images.image("app"), tmp_path / "theirs"
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)
    export([content_store(tmp_path / "store", image.contents())], [image.digest], path=str(folder / "content.tar"))
    status = (folder / "content.tar").stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (12345, 12345, 0o600)
    assert json.dumps(sorted(path.name for path in folder.iterdir())) == '["content.tar"]'
