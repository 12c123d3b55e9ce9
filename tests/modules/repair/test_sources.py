# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Each kind of source gives lost bytes back; one that lies, or that cannot be asked, is passed over."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.errors import StoreUnreadable
from ansible.module_utils.oci_registry.sources import SnapshotSource
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import blob_path, revision_path, tag_path
from ansible.module_utils.registry_lab.push import push

from .conftest import ACCESS_LOG, REPOSITORY, TAG, actions, scanned, walked

GONE = ("child-gone", "attestation-gone", "layer-gone", "config-gone")


def write_layout(folder: Path, image: images.Image) -> str:
    for digest, content in image.contents().items():
        path = folder / "blobs" / digest.replace(":", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [image.descriptor()]}))
    return str(folder)


def lying(case, folder: Path) -> dict[str, str]:
    """A snapshot of which every blob has the right size and wrong bytes."""
    shutil.copytree(case.snapshot, folder)
    for path in folder.rglob("data"):
        path.write_bytes(b"\0" * path.stat().st_size)
    return {"type": "snapshot", "path": str(folder)}


@pytest.mark.parametrize("way", ["disk", "api", "both"])
def test_a_snapshot(way, broken_registry, repair):
    case = broken_registry(*GONE)
    options = {"disk": case.on_disk, "api": case.over_api, "both": {**case.over_api, **case.on_disk}}[way]
    result = repair(**options, **case.from_snapshot)
    assert {action for action, _way in actions(result)} <= {"restore", "relink"}
    assert result["remaining"] == []
    assert scanned(case.root) == []
    assert walked(case.registry) == []


@pytest.mark.parametrize("with_path", [True, False])
def test_an_image_layout(with_path, tmp_path, broken_registry, repair):
    case = broken_registry(*GONE)
    source = {"type": "layout", "path": write_layout(tmp_path / "layout", case.image)}
    options = {"path": case.root} if with_path else {}
    result = repair(**case.over_api, **options, sources=[source])
    assert {way for _action, way in actions(result)} == {"api"}
    assert scanned(case.root) == []
    assert walked(case.registry) == []


@pytest.mark.parametrize("with_path", [True, False])
def test_another_registry_with_other_credentials_and_tls(with_path, registry, broken_registry, repair):
    case = broken_registry(*GONE)
    mirror = registry(tls=True, htpasswd=("reader", "pull-secret", 4))
    push(mirror, "mirrored/app", "v9", case.image, ("reader", "pull-secret"))
    source = {"type": "registry", "registry": mirror.address, "repository": "mirrored/app", "ca_path": mirror.ca_path}
    source.update(username="reader", password="pull-secret")
    result = repair(**case.over_api, **({"path": case.root} if with_path else {}), sources=[source])
    assert {way for _action, way in actions(result)} == {"api"}
    assert walked(case.registry) == []
    assert "pull-secret" not in json.dumps(result)


def test_another_repository_of_the_same_registry(broken_registry, repair):
    case = broken_registry("child-link-gone", "layer-link-gone", "config-link-gone", extra=ACCESS_LOG)
    push(case.registry, "other/app", "v1", case.image)
    result = repair(**case.over_api, sources=[{"type": "repository", "repository": "other/app"}])
    assert actions(result) == [("restore", "api")] * 3
    log = Path(case.registry.log_path).read_text()
    assert log.count(f'"POST /v2/{REPOSITORY}/blobs/uploads/?mount=') == 2, "blobs are mounted, not uploaded"
    assert walked(case.registry) == []


def test_a_hollow_child_gets_its_blobs_and_then_its_link(broken_registry, repair):
    case = broken_registry("child-hollow")
    result = repair(**case.over_api, path=case.root, **case.from_snapshot)
    assert actions(result) == [("restore", "api"), ("relink", "api")]
    assert walked(case.registry) == []


@pytest.mark.parametrize("with_path", [True, False])
def test_a_source_that_lies_is_refused_and_the_next_one_used(with_path, tmp_path, broken_registry, repair):
    case = broken_registry(*GONE)
    sources = [lying(case, tmp_path / "lying"), *case.from_snapshot["sources"]]
    result = repair(**case.over_api, **({"path": case.root} if with_path else {}), sources=sources)
    layer = next(step for step in result["plan"] if step["role"] == "layer" and step["state"] == "done")
    assert "do not hash to it" in layer["detail"]
    assert scanned(case.root) == []
    assert walked(case.registry) == []


def test_a_source_that_only_lies_fails_and_writes_nothing(tmp_path, broken, repair):
    case = broken("layer-gone", "config-link-gone")
    lost = next(finding["digest"] for finding in case.findings if finding["role"] == "layer")
    result = repair(**case.on_disk, sources=[lying(case, tmp_path / "lying")])
    assert result["failed"]
    assert result["code"] == "apply-failed"
    assert "no source has its right bytes" in result["msg"]
    assert not Path(blob_path(case.root, lost)).exists()
    states = {step["role"]: step["state"] for step in result["plan"] if step["state"] != "skipped"}
    assert states == {"layer": "failed", "config": "done"}, "what does not need the lost layer is repaired all the same"
    assert result["changed"]
    assert [proof["by"] for proof in result["proven"]] == [["disk"]], "and proven"


@pytest.mark.parametrize("kind", ["snapshot", "registry"])
def test_what_a_lying_source_promised_is_made_again_in_the_same_run(kind, tmp_path, broken, any_registry, repair):
    case = broken("layer-gone", "config-link-gone")
    source = lying(case, tmp_path / "lying")
    if kind == "registry":
        mirror = any_registry()
        push(mirror, REPOSITORY, "v1", case.image)
        for layer in case.image.children[0].blobs:
            Path(blob_path(mirror.root, layer.digest)).write_bytes(b"\0" * len(layer.content))
        mirror.restart()
        source = {"type": "registry", "registry": mirror.address, "scheme": "http"}
    options = {**case.on_disk, "sources": [source], "rebuilds": [{"image": REPOSITORY, "way": "ci"}], "approve": ["rebuild"]}
    planned = repair(check=True, **options)["plan"]
    result = repair(**options)
    assert not result.get("failed"), result["msg"]
    (image,) = result["images"]
    assert (image["chosen"], image["approved"], image["outcome"]) == ("rebuild", True, "remaining")
    assert "that do not hash to it" in result["remaining"][0]["why"]
    assert [(step["role"], step["state"]) for step in result["plan"] if step["way"] == "disk" and step["state"] != "skipped"] == [
        ("config", "done")
    ]
    assert result["diff"]["before"] != {} and result["recomputed"] == []
    held = repair(**options, approved_plan=planned)
    assert (held["failed"], held["images"][0]["chosen"]) == (True, "restore"), (
        "what was not in the approved plan is not done instead"
    )


@pytest.mark.parametrize("readable", [True, False])
def test_what_nobody_uses_stays_where_a_source_promised_it(readable, tmp_path, broken, repair, monkeypatch):
    case = broken("layer-gone")
    source = lying(case, tmp_path / "lying")
    if not readable:
        monkeypatch.setattr(SnapshotSource, "copy_blob", refuse)
    result = repair(**case.on_disk, sources=[source], in_use=[], approve=["delete"])
    (image,) = result["images"]
    assert (image["chosen"], image["outcome"]) == ("restore", "failed"), "nothing else was planned, so a person decides"
    assert Path(tag_path(case.root, REPOSITORY, TAG)).exists()


def refuse(*_arguments):
    raise StoreUnreadable("Input/output error")


@pytest.mark.parametrize("with_api", [True, False])
def test_what_one_platform_lost_holds_up_no_other(with_api, tmp_path, broken_registry, repair):
    case = broken_registry("child-link-gone", "tag-revision-gone")
    damage("config-gone", case.root, REPOSITORY, TAG)  # of the child that is to be linked again
    case.registry.restart()
    options = {**(case.over_api if with_api else {}), "path": case.root, "findings": scanned(case.root)}
    result = repair(**options, sources=[lying(case, tmp_path / "lying")])
    assert result["failed"]
    assert Path(revision_path(case.root, REPOSITORY, case.image.digest)).exists(), result["plan"]
    left = [finding for finding in scanned(case.root) if finding["tags"] == [TAG]]
    assert {finding["platform"] for finding in left} == {"linux/amd64"}


def test_a_source_that_cannot_be_asked_is_named_where_it_is_missed(broken, repair):
    case = broken("layer-gone")
    dead = {"type": "registry", "registry": "127.0.0.1:1", "scheme": "http"}
    result = repair(**case.on_disk, sources=[dead], check=True)
    assert "registry 127.0.0.1:1 could not be asked" in result["remaining"][0]["why"]
    good = repair(**case.on_disk, sources=[dead, *case.from_snapshot["sources"]])
    assert good["remaining"] == []
    assert scanned(case.root) == []


def test_without_a_source_lost_bytes_remain(broken, repair):
    case = broken("layer-gone")
    result = repair(**case.on_disk)
    assert not result["changed"]
    assert [(left["state"], left["next"]) for left in result["remaining"]] == [("gone", ["repoint", "rebuild"])]


def test_bytes_that_came_for_one_repository_serve_the_other(broken_registry, repair):
    case = broken_registry()
    push(case.registry, "other/app", "v1", case.image)
    lost = case.image.children[0].blobs[-1].digest
    Path(blob_path(case.root, lost)).unlink()
    case.registry.restart()
    result = repair(
        registry=case.registry.address, scheme="http", path=case.root, findings=scanned(case.root), **case.from_snapshot
    )
    assert actions(result) == [("restore", "api")]
    assert {finding["repository"] for finding in scanned(case.root)} == set()
    assert any("come with a step above" in step["reason"] for step in result["plan"])
    assert REPOSITORY in {step["repository"] for step in result["plan"]}
    assert walked(case.registry) == []
