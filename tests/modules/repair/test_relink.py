# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Lost links are written again from the bytes that are still there: no source is needed."""

from __future__ import annotations

from pathlib import Path

from .conftest import REPOSITORY, TAG, actions, scanned, walked

LOST = ("child-link-gone", "attestation-link-gone", "tag-revision-gone")


def test_over_the_api_with_the_disk_at_hand(broken_registry, repair):
    case = broken_registry(*LOST)
    result = repair(**case.over_api, path=case.root)
    assert actions(result) == [("relink", "api")] * 3
    assert not result["restart_required"]
    assert {tuple(proof["by"]) for proof in result["proven"]} == {("disk", "api")}
    assert scanned(case.root) == []
    assert walked(case.registry) == []


def test_on_disk(broken_registry, repair):
    case = broken_registry(*LOST)
    result = repair(**case.on_disk)
    assert actions(result) == [("relink", "disk")] * 3
    assert walked(case.registry) == []


def test_leaves_come_before_what_names_them(broken, repair):
    case = broken(*LOST)
    done = [step["digest"] for step in repair(**case.on_disk)["plan"] if step["state"] == "done"]
    assert done[-1] == case.image.digest


def test_an_image_can_be_named_instead_of_findings(broken_registry, repair):
    case = broken_registry(*LOST)
    result = repair(registry=case.registry.address, scheme="http", path=case.root, images=[f"{REPOSITORY}:{TAG}"])
    assert actions(result) == [("relink", "api")] * 3
    assert walked(case.registry) == []


def test_a_layer_link_is_written_on_disk_although_an_api_is_there(broken_registry, repair):
    case = broken_registry("layer-link-gone")
    result = repair(**case.over_api, path=case.root)
    assert actions(result) == [("relink", "disk")]
    assert walked(case.registry) == []


def test_a_registry_that_refuses_writes_is_repaired_on_disk(broken_registry, repair):
    case = broken_registry(*LOST, extra={"storage": {"maintenance": {"readonly": {"enabled": False}}}})
    case.registry.configure(extra={"storage": {"maintenance": {"readonly": {"enabled": True}}}})
    case.registry.restart()
    result = repair(**case.over_api, path=case.root)
    assert actions(result) == [("relink", "disk")] * 3
    assert all("405" in step["detail"] for step in result["plan"] if step["state"] == "done")
    assert walked(case.registry) == []


def test_a_tag_whose_link_is_garbage_points_at_what_its_history_names(broken_registry, repair):
    case = broken_registry("tag-link-garbage")
    result = repair(**case.over_api, path=case.root)
    assert actions(result) == [("link-tag", "api")]
    assert result["proven"][0]["tags"] == [TAG]
    assert walked(case.registry) == []


def test_the_link_file_looks_as_if_the_registry_had_written_it(broken, repair):
    case = broken("child-link-gone")
    repair(**case.on_disk)
    assert scanned(case.root) == []
    links = list(Path(case.root).glob("docker/registry/v2/repositories/**/link"))
    assert {(link.stat().st_mode & 0o777, link.stat().st_uid) for link in links} == {(0o644, Path(case.root).stat().st_uid)}
