# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""docker_archive_push: what docker save kept becomes an image again, under a new digest, and no tag ever points at half of one."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.oci_registry.client import Client, Settings
from ansible.module_utils.oci_registry.walk import walk
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import blob_path
from ansible.module_utils.registry_lab.push import push

from plugins.contents import add

Push = Callable[..., dict[str, Any]]
TREE = [b"first", b"second", b"first"]


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))


@pytest.fixture
def push_archive(run_module) -> Push:
    """``push_archive(registry, path, check=False, **options)``."""

    def run(registry, path, check=False, **options):
        given = {"image": "app:v1", "registry": registry.address, "scheme": "http", **options}
        return run_module("docker_archive_push", check, path=str(path), **given)

    return run


def layer(text: bytes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        add(tar, text.decode(), text * 1000)
    return target.getvalue()


def digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def saved(
    path: Path, *, names: tuple[str, ...] = ("app:v1",), wrong: bool = False, pack: Callable[[bytes], bytes] = bytes
) -> Path:
    """An archive as docker 20.10 writes it: a folder for each layer, one of equal layers a link to the other."""
    layers = [layer(text) for text in TREE]
    records = []
    with tarfile.open(path, "w") as tar:
        for number, content in enumerate(layers[:2]):
            add(tar, f"{number}/layer.tar", pack(layer(b"wrong") if wrong and number else content))
        add(tar, "2/layer.tar", type=tarfile.SYMTYPE, linkname="../0/layer.tar")
        for name in names:
            about = {"architecture": "arm64", "os": "linux", "variant": "v8", "config": {"Labels": {"name": name}}}
            config = json.dumps({**about, "rootfs": {"type": "layers", "diff_ids": [digest(each) for each in layers]}}).encode()
            add(tar, f"{digest(config)[7:]}.json", config)
            records.append(
                {"Config": f"{digest(config)[7:]}.json", "RepoTags": [name], "Layers": [f"{n}/layer.tar" for n in range(3)]}
            )
        add(tar, "manifest.json", json.dumps(records).encode())
    return path


def pulled(registry, tag: str, folder: Path) -> dict[str, Any]:
    """The manifest, once skopeo has pulled all that it names and found it right."""
    command = [
        "skopeo",
        "copy",
        "--src-tls-verify=false",
        "--preserve-digests",
        f"docker://{registry.address}/{tag}",
        f"dir:{folder}",
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads((folder / "manifest.json").read_text())


def tags(registry) -> list[str]:
    with Client(Settings(registry.address, scheme="http")) as client:
        return client.tags("app") or []


@pytest.mark.parametrize("kind", ["docker", "oci"])
@pytest.mark.parametrize("compressed", [True, False])
def test_a_saved_image_is_pushed_and_can_be_pulled(kind, compressed, registry, push_archive, tmp_path):
    made, path = registry(), saved(tmp_path / "saved.tar")
    if compressed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    planned = push_archive(made, path, check=True, format=kind)
    assert planned["changed"]
    assert tags(made) == [], "check mode pushes nothing"
    result = push_archive(made, path, format=kind)
    assert (result["changed"], result["digest"], result["platform"]) == (True, planned["digest"], "linux/arm64/v8")
    assert "under a new digest" in result["msg"]
    assert "one platform, linux/arm64/v8" in result["msg"]
    manifest = pulled(made, "app:v1", tmp_path / "pulled")
    assert manifest["mediaType"] == (images.DOCKER_MANIFEST if kind == "docker" else images.OCI_MANIFEST)
    unpacked = [gzip.decompress((tmp_path / "pulled" / each["digest"][7:]).read_bytes()) for each in manifest["layers"]]
    assert unpacked == [layer(text) for text in TREE], "equal layers are linked in the archive"
    made.restart()
    with Client(Settings(made.address, scheme="http")) as client:
        assert walk(client).as_dict()["findings"] == []


def test_a_second_run_changes_nothing(registry, push_archive, tmp_path):
    made, path = registry(), saved(tmp_path / "saved.tar")
    first = push_archive(made, path)
    second = push_archive(made, path)
    assert (second["changed"], second["digest"]) == (False, first["digest"])
    assert "already" in second["msg"]
    assert not push_archive(made, path, check=True)["changed"]


@pytest.mark.parametrize("program", ["skopeo", "buildah"])
def test_an_archive_of_other_programs(program, any_registry, push_archive, tmp_path):
    """They write links and folders of their own, and names with a registry."""
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program}: apt-get install {program}")
    image, made = images.image("app"), any_registry()
    push(made, "origin", "v1", image)
    target = f"docker-archive:{tmp_path}/saved.tar:registry.example.com/app:v1"
    if program == "skopeo":
        command = ["skopeo", "copy", "--src-tls-verify=false", f"docker://{made.address}/origin:v1", target]
        subprocess.run(command, check=True, capture_output=True)
    else:
        store = ["--root", str(tmp_path / "root"), "--runroot", str(tmp_path / "run"), "--storage-driver", "vfs"]
        pull = ["buildah", *store, "pull", "--tls-verify=false", f"{made.address}/origin:v1"]
        subprocess.run(pull, check=True, capture_output=True)
        subprocess.run(["buildah", *store, "push", f"{made.address}/origin:v1", target], check=True, capture_output=True)
    result = push_archive(made, tmp_path / "saved.tar")
    assert result["changed"], result
    assert result["image_id"] in {blob.digest for blob in image.blobs}, "its config is what it was"
    pulled(made, "app:v1", tmp_path / "pulled")


def test_layers_that_are_compressed_already_stay_as_they_are(any_registry, push_archive, tmp_path):
    """As an engine with the containerd image store saves them."""
    made = any_registry()
    result = push_archive(made, saved(tmp_path / "saved.tar", pack=gzip.compress))
    assert result["layers"][0]["digest"] == result["layers"][2]["digest"]
    manifest = pulled(made, "app:v1", tmp_path / "pulled")
    assert gzip.decompress((tmp_path / "pulled" / manifest["layers"][1]["digest"][7:]).read_bytes()) == layer(TREE[1])


def test_a_tag_that_is_there_is_only_moved_when_told(registry, push_archive, tmp_path):
    made, path = registry(), saved(tmp_path / "saved.tar")
    index = images.build("app")
    push(made, "app", "v1", index)
    for check in (True, False):
        refused = push_archive(made, path, check=check)
        assert (refused["failed"], refused["code"], refused["changed"]) == (True, "needs-approval", False)
        assert index.digest in refused["msg"]
    result = push_archive(made, path, replace=True)
    assert result["digests_before"] == [index.digest, *(child.digest for child in index.children)]
    assert result["platforms_lost"] == ["linux/amd64", "linux/arm64"]
    assert "nobody can pull by it any more" in result["msg"]
    pulled(made, "app:v1", tmp_path / "pulled")


def test_a_tag_whose_manifest_is_lost_is_there_all_the_same(registry, push_archive, tmp_path):
    made, path = registry(), saved(tmp_path / "saved.tar")
    image = images.image("app")
    push(made, "app", "v1", image)
    Path(blob_path(made.root, image.digest)).unlink()
    made.restart()
    refused = push_archive(made, path)
    assert (refused["code"], "nothing can be pulled by it" in refused["msg"]) == ("needs-approval", True), refused["msg"]
    assert push_archive(made, path, replace=True)["changed"]
    pulled(made, "app:v1", tmp_path / "pulled")


def test_the_same_image_with_a_lost_layer_is_not_taken_for_whole(registry, push_archive, tmp_path):
    made, path = registry(), saved(tmp_path / "saved.tar")
    first = push_archive(made, path)
    Path(blob_path(made.root, first["layers"][1]["digest"])).unlink()
    assert push_archive(made, path)["code"] == "needs-approval"
    again = push_archive(made, path, replace=True)
    assert (again["changed"], again["digest"]) == (True, first["digest"])
    pulled(made, "app:v1", tmp_path / "pulled")


def test_a_damaged_file_in_the_way_is_noticed_before_a_tag_points_at_it(registry, push_archive, tmp_path):
    made, path = registry(), saved(tmp_path / "saved.tar")
    first = push_archive(made, path)
    Path(blob_path(made.root, first["layers"][0]["digest"])).write_bytes(b"damaged")
    made.restart()
    result = push_archive(made, path, image="app:other")
    assert (result["failed"], result["code"], result["changed"], result["digest"]) == (True, "proof-failed", False, "")
    assert "approve quarantine" in result["msg"]
    assert tags(made) == ["v1"]


def test_several_images_need_a_name(any_registry, push_archive, tmp_path):
    made, path = any_registry(), saved(tmp_path / "saved.tar", names=("app:v1", "other:v2"))
    refused = push_archive(made, path)
    assert "Name one of: app:v1, other:v2" in refused["msg"]
    assert "has no image app:v3" in push_archive(made, path, saved_image="app:v3")["msg"]
    result = push_archive(made, path, saved_image="other:v2")
    assert result["saved_names"] == ["other:v2"]
    assert not push_archive(made, path, saved_image=result["image_id"])["changed"]


def test_a_layer_that_is_not_what_the_config_says_ends_it_without_a_tag(any_registry, push_archive, tmp_path):
    made = any_registry()
    result = push_archive(made, saved(tmp_path / "saved.tar", wrong=True))
    assert (result["code"], "does not hash to what the image's config says" in result["msg"]) == ("bad-input", True)
    assert tags(made) == []


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"other": b""}, "is no archive of docker save"),
        ({"manifest.json": b"["}, "that is no JSON"),
        ({"manifest.json": b"[]"}, "without images"),
        ({"manifest.json": b"[1]"}, "without images"),
        ({"manifest.json": b'[{"Config": 1, "Layers": []}]'}, "names no config and layers"),
        ({"manifest.json": b'[{"Config": "../c", "Layers": []}]'}, "has no ../c"),
        ({"manifest.json": b'[{"Config": "c", "Layers": ["x"]}]', "c": b"{}"}, "does not fit its 1 layers"),
        ({"manifest.json": b'[{"Config": "c", "Layers": []}]', "c": b'{"rootfs": {"diff_ids": [1]}}'}, "does not fit"),
    ],
)
def test_what_is_no_such_archive_is_refused_in_a_sentence(files, words, any_registry, push_archive, tmp_path):
    with tarfile.open(tmp_path / "saved.tar", "w") as tar:
        for name, content in files.items():
            add(tar, name, content)
    result = push_archive(any_registry(), tmp_path / "saved.tar")
    assert (result["code"], words in result["msg"]) == ("bad-input", True), result["msg"]


def test_one_that_is_cut_off_is_refused(any_registry, push_archive, tmp_path):
    path = saved(tmp_path / "saved.tar")
    path.write_bytes(path.read_bytes()[:5000])
    assert "ends early" in push_archive(any_registry(), path)["msg"]


def test_credentials_are_used_and_never_told(any_registry, push_archive, tmp_path):
    made = any_registry(htpasswd=("writer", "push-secret", 4))
    path = saved(tmp_path / "saved.tar")
    refused = push_archive(made, path)
    assert refused["code"] == "authentication"
    result = push_archive(made, path, username="writer", password="push-secret")
    assert result["changed"]
    del result["invocation"]
    assert "push-secret" not in json.dumps(result)
