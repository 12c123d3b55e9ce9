# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The lab's images are what registries take and clients pull, and a store written straight to disk is what a push leaves."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.errors import LabError
from ansible.module_utils.registry_lab.place import make_store, place_on_disk
from ansible.module_utils.registry_lab.push import push

SINGLE = images.image("single")
SHAPES = {
    "build": images.build("build", shared=[images.layer("base")]),
    "docker-list": images.index(
        [images.image("d1", docker=True), images.image("d2", images.ARM64, docker=True)], images.DOCKER_LIST
    ),
    "bare": images.index([images.image("b", written=False)], written=False),
    "single": SINGLE,
    "variant": images.index([images.image("v", "linux/arm/v7")]),
    "empty-layer": images.image("e", layers=[images.layer("full"), images.empty_layer()]),
    "artifact": images.artifact("note"),
    "foreign": images.image(
        "f", layers=[images.foreign_layer("base"), images.layer("top", media_type=images.DOCKER_LAYER)], docker=True
    ),
    "nested": images.index([images.build("inner"), images.image("outer")]),
    images.fallback_tag(SINGLE): images.index([images.artifact("signature", subject=SINGLE)]),
}
ACCEPTED = (images.OCI_INDEX, images.OCI_MANIFEST, images.DOCKER_LIST, images.DOCKER_MANIFEST)
#: skopeo copies no nested indexes, and looks for foreign layers where they are said to be
NOT_FOR_SKOPEO = {"nested", "foreign"}


def body_of(registry, target):
    with contextlib.closing(registry.connect()) as connection:
        connection.request("GET", target, headers={"Accept": ", ".join(ACCEPTED)})
        return connection.getresponse().read()


def files_below(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in Path(root).rglob("*") if path.is_file()}


def test_every_shape_is_taken_and_given_back(registry):
    made = registry()
    for tag, image in SHAPES.items():
        push(made, "team/app", tag, image)
    for image in SHAPES.values():
        for manifest in image.manifests():
            assert body_of(made, f"/v2/team/app/manifests/{manifest.digest}") == manifest.content
            for blob in manifest.blobs:
                assert body_of(made, f"/v2/team/app/blobs/{blob.digest}") == blob.content


def test_placing_leaves_what_pushing_leaves(registry, tmp_path):
    made = registry()
    for tag, image in SHAPES.items():
        push(made, "team/app", tag, image)
        place_on_disk(str(tmp_path / "placed"), "team/app", tag, image)
    assert files_below(tmp_path / "placed") == files_below(made.root)


def test_contents_name_every_blob_of_the_store(tmp_path):
    place_on_disk(str(tmp_path), "app", "v1", SHAPES["build"])
    data = {images.digest_of(content): content for path, content in files_below(tmp_path).items() if path.endswith("data")}
    assert data == SHAPES["build"].contents()


@pytest.mark.skipif(not shutil.which("skopeo"), reason="skopeo is not installed")
@pytest.mark.parametrize("tag", sorted(set(SHAPES) - NOT_FOR_SKOPEO))
def test_a_real_client_pulls_it(any_registry, tmp_path, tag):
    made = any_registry()
    push(made, "app", tag, SHAPES[tag])
    source, target = f"docker://{made.address}/app:{tag}", f"oci:{tmp_path / 'pulled'}:{tag[:20]}"
    format_kept = [] if tag == "docker-list" else ["--preserve-digests"]
    command = ["skopeo", "copy", "--all", "--src-tls-verify=false", *format_kept, source, target]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


def test_the_same_seed_gives_the_same_bytes():
    assert images.build("one").contents() == images.build("one").contents()
    assert not set(images.build("one").contents()) & set(images.build("two").contents())


def test_a_refused_push_says_what_was_refused(any_registry):
    headless = images.manifest(images.blob(b"{}", images.OCI_CONFIG), [])._replace(blobs=())
    with pytest.raises(LabError, match=r"/v2/app/manifests/v1: PUT answered 400.*MANIFEST_BLOB_UNKNOWN"):
        push(any_registry(), "app", "v1", headless)


def test_a_push_with_a_password(any_registry):
    made = any_registry(htpasswd=("lab", "secret1", 4))
    push(made, "app", "v1", SINGLE, credentials=("lab", "secret1"))
    with pytest.raises(LabError, match="answered 401"):
        push(made, "app", "v1", SINGLE, credentials=("lab", "wrong"))


def test_the_small_store_has_the_shape_that_baselines_are_measured_on(tmp_path):
    names = make_store(str(tmp_path))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(names) == 20
    assert len(files) == 7040
    assert sum(path.name == "data" for path in files) == 3320
    assert sum("tags" in path.parts and "current" in path.parts for path in files) == 200
    assert sum("revisions" in path.parts for path in files) == 1000
    assert sum("_layers" in path.parts for path in files) == 2320


def test_a_made_store_is_served(registry):
    made = registry()
    make_store(made.root, repositories=2, tags=2, platforms=1, attestations=1, layers=3, shared=0.67)
    assert b'"app-000","app-001"' in body_of(made, "/v2/_catalog")
    assert b"v001" in body_of(made, "/v2/app-001/tags/list")


def test_a_pull_through_cache_serves_its_upstream(registry):
    upstream = registry()
    push(upstream, "app", "v1", SHAPES["build"])
    cache = registry(proxy_remote=f"http://{upstream.address}")
    assert body_of(cache, "/v2/app/manifests/v1") == SHAPES["build"].content
    with pytest.raises(LabError, match="answered 405"):
        push(cache, "app", "v2", SINGLE)
