# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""OCI archives and content stores of containerd give lost bytes back, as real programs write them; whatever is wrong with one is passed over."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.sources import containerd
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.daemon import Daemon

from plugins.contents import add

from .conftest import actions, scanned, walked
from .test_sources import GONE, write_layout

NAME = "registry.example.com/app:v1"


def write_archive(path: Path, contents: dict[str, bytes], *, before: dict[str, bytes] | None = None) -> str:
    """An OCI archive; ``before`` are blobs that come first, under digests that may not be theirs."""
    with tarfile.open(path, "w") as tar:
        for digest, content in [*(before or {}).items(), *contents.items()]:
            add(tar, "./blobs/" + digest.replace(":", "/"), content)
        add(tar, "./oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        add(tar, "./index.json", b'{"schemaVersion":2,"manifests":[]}')
    return str(path)


def from_archive(path: str | Path) -> dict[str, object]:
    return {"sources": [{"type": "archive", "path": str(path)}]}


def skopeo(*arguments: str) -> None:
    subprocess.run(["skopeo", *arguments], check=True, capture_output=True, text=True)


@pytest.mark.parametrize("with_path", [True, False])
@pytest.mark.parametrize("compressed", [True, False])
def test_an_archive_of_skopeo(with_path, compressed, tmp_path, broken_registry, repair):
    case = broken_registry(*GONE)
    layout, archive = write_layout(tmp_path / "layout", case.image), tmp_path / "app.tar"
    skopeo("copy", "--all", f"oci:{layout}", f"oci-archive:{archive}:v1")
    if compressed:
        archive.write_bytes(gzip.compress(archive.read_bytes()))
    result = repair(**case.over_api, **({"path": case.root} if with_path else {}), **from_archive(archive))
    assert {way for _action, way in actions(result)} == {"api"}
    assert result["remaining"] == []
    assert scanned(case.root) == []
    assert walked(case.registry) == []


@pytest.fixture
def content_store(tmp_path: Path) -> Iterator[Path]:
    """Root of a containerd of its own, with the image of an archive ``image.tar`` imported by ``ctr``."""
    if shutil.which("containerd") is None:
        pytest.skip("there is no containerd: apt-get install containerd")
    root, socket, daemon = tmp_path / "containerd", tmp_path / "containerd.sock", Daemon(str(tmp_path / "containerd.pid"))
    config = tmp_path / "containerd.toml"
    config.write_text('version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n', encoding="utf-8")
    places = ["--root", str(root), "--state", str(tmp_path / "state"), "--address", str(socket)]
    daemon.start(["containerd", "--config", str(config), *places], str(tmp_path / "containerd.log"), dict(os.environ))
    yield root
    daemon.stop()


def import_image(root: Path, image: images.Image) -> None:
    """What a node has after it pulled: ``ctr`` puts every blob into the content store."""
    folder = root.parent
    layout = Path(write_layout(folder / "imported", image))
    named = {**image.descriptor(), "annotations": {"io.containerd.image.name": NAME}}
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}), encoding="utf-8")
    with tarfile.open(folder / "image.tar", "w") as tar:
        tar.add(layout, ".")
    ctr = ["ctr", "--address", str(folder / "containerd.sock"), "--connect-timeout", "30s"]
    subprocess.run([*ctr, "images", "import", "--no-unpack", "--all-platforms", str(folder / "image.tar")], check=True)


def test_the_content_store_of_a_real_containerd(content_store, broken_registry, repair):
    case = broken_registry(*GONE)
    import_image(content_store, case.image)
    result = repair(**case.over_api, path=case.root, sources=[{"type": "containerd", "path": str(content_store)}])
    assert result["remaining"] == []
    assert f"containerd {content_store}/io.containerd.content.v1.content" in {step["source"] for step in result["plan"]}
    assert scanned(case.root) == []
    assert walked(case.registry) == []


@pytest.mark.parametrize(
    ("place", "config"),
    [
        ("var/lib/containerd", {}),
        ("var/lib/docker/containerd/daemon", {}),
        ("var/lib/rancher/k3s/agent/containerd", {}),
        ("srv/containerd", {"etc/containerd/config.toml": 'version = 2\nroot = "/srv/containerd"\n'}),
        ("srv/docker/containerd/daemon", {"etc/docker/daemon.json": '{"data-root": "/srv/docker"}'}),
        ("var/lib/containerd", {"etc/docker/daemon.json": "no JSON"}),
    ],
)
def test_content_stores_are_found_where_engines_have_them(place, config, tmp_path):
    store = tmp_path / place / "io.containerd.content.v1.content"
    (store / "blobs" / "sha256").mkdir(parents=True)
    for name, text in config.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert containerd.content_stores(str(tmp_path)) == [str(store)]


def test_what_is_still_being_pulled_is_not_there(tmp_path, broken, repair):
    case = broken("layer-gone")
    for digest, content in case.image.contents().items():
        path = tmp_path / "store" / "ingest" / digest.split(":")[1] / "data"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    (tmp_path / "store" / "blobs").mkdir()
    result = repair(**case.on_disk, sources=[{"type": "containerd", "path": str(tmp_path / "store")}])
    assert [left["state"] for left in result["remaining"]] == ["gone"]


def test_wrong_bytes_in_an_archive_are_refused_and_the_next_source_used(tmp_path, broken_registry, repair):
    case = broken_registry(*GONE)
    wrong = {digest: b"\0" * len(content) for digest, content in case.image.contents().items()}
    lying = {"type": "archive", "path": write_archive(tmp_path / "wrong.tar", wrong)}
    good = {"type": "archive", "path": write_archive(tmp_path / "good.tar", case.image.contents()), "name": "the good one"}
    result = repair(**case.over_api, path=case.root, sources=[lying, good])
    layer = next(step for step in result["plan"] if step["role"] == "layer" and step["state"] == "done")
    assert layer["source"] == "the good one"
    assert "wrong.tar: delivered" in layer["detail"]
    assert walked(case.registry) == []


@pytest.mark.parametrize("right_first", [True, False])
def test_of_a_digest_that_is_there_twice_the_right_one_is_taken(right_first, tmp_path, broken, repair):
    case = broken(*GONE)
    right = case.image.contents()
    wrong = {digest: b"\0" * len(content) for digest, content in right.items()}
    first, second = (right, wrong) if right_first else (wrong, right)
    result = repair(**case.on_disk, **from_archive(write_archive(tmp_path / "twice.tar", second, before=first)))
    assert result["remaining"] == []
    assert scanned(case.root) == []


def test_a_truncated_archive_gives_what_is_whole_and_says_what_it_lacks(tmp_path, broken, repair):
    case = broken("layer-gone", "config-gone")
    lost = {finding["role"]: finding["digest"] for finding in case.findings}
    contents = case.image.contents()
    last = lost["layer"]
    ordered = {**{digest: content for digest, content in contents.items() if digest != last}, last: contents[last]}
    path = Path(write_archive(tmp_path / "cut.tar", ordered))
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index(contents[last]) + len(contents[last]) // 2])
    result = repair(**case.on_disk, **from_archive(path))
    assert [left["digest"] for left in result["remaining"]] == [last]
    assert "ends early" in result["remaining"][0]["why"]
    assert [finding["digest"] for finding in scanned(case.root)] == [last]


def test_links_in_an_archive_lead_nowhere_outside_of_it(tmp_path, broken, repair):
    case = broken("layer-gone")
    lost = next(finding["digest"] for finding in case.findings if finding["role"] == "layer")
    outside = tmp_path / "outside"
    outside.write_bytes(case.image.contents()[lost])
    with tarfile.open(tmp_path / "links.tar", "w") as tar:
        add(tar, "blobs/sha256/" + "0" * 64, b"any")
        add(tar, "blobs/" + lost.replace(":", "/"), type=tarfile.SYMTYPE, linkname=str(outside))
    result = repair(**case.on_disk, **from_archive(tmp_path / "links.tar"))
    assert [left["state"] for left in result["remaining"]] == ["gone"]


def test_an_archive_without_exact_bytes_says_so_and_names_the_way_out(tmp_path, broken, repair):
    case = broken("layer-gone")
    layout = write_layout(tmp_path / "layout", images.image("single"))
    skopeo("copy", f"oci:{layout}", f"docker-archive:{tmp_path}/saved.tar:app:v1")
    result = repair(**case.on_disk, **from_archive(tmp_path / "saved.tar"))
    assert (result["failed"], result["code"]) == (True, "bad-input")
    assert "the exact bytes of no digest are in it" in result["msg"]
    assert "docker_archive_push" in result["msg"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"type": "archive"}, "needs path"),
        ({"type": "archive", "path": "/nowhere.tar"}, "there is no such file"),
        ({"type": "archive", "path": "/etc/passwd"}, "is no tar archive that can be read"),
        ({"type": "containerd", "path": "/etc"}, "holds no content store of containerd"),
        ({"type": "layout", "path": "/etc"}, "holds no OCI image layout"),
        ({"type": "listed", "name": "x", "contents": [{"digest": "sha256:1"}]}, "is no record of image_content_export"),
    ],
)
def test_what_is_no_such_source_is_refused_in_a_sentence(source, words, broken, repair):
    result = repair(**broken("layer-gone").on_disk, sources=[source])
    assert (result["code"], words in result["msg"]) == ("bad-input", True), result["msg"]


def test_the_plan_from_what_a_host_listed_is_the_one_that_its_archive_carries_out(tmp_path, broken_registry, repair, run_module):
    case = broken_registry(*GONE)
    store = write_layout(tmp_path / "store", case.image)
    options = {
        "digests": [case.image.digest],
        "sources": [{"type": "containerd", "path": store}],
        "path": str(tmp_path / "content.tar"),
    }
    listed = run_module("image_content_export", True, **options)
    source = {"type": "listed", "name": "containerd of runner", "contents": listed["found"]}
    planned = repair(**case.over_api, path=case.root, sources=[source], check=True)
    assert planned["remaining"] == []
    assert "containerd of runner" in {step["source"] for step in planned["plan"]}
    unfetched = repair(**case.over_api, path=case.root, sources=[source])
    assert "was only listed and not fetched" in unfetched["msg"]
    run_module("image_content_export", **options)
    archive = {"type": "archive", "name": "containerd of runner", "path": options["path"]}
    assert set(actions(repair(**case.over_api, path=case.root, sources=[archive], check=True))) <= set(actions(planned))
    done = repair(**case.over_api, path=case.root, sources=[archive])
    assert done["remaining"] == []
    assert walked(case.registry) == []
