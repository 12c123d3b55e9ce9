# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""How what a tag could point at instead is looked at: with all that is known of it already, and each thing once."""

from __future__ import annotations

from ansible.module_utils.oci_registry.client import Client, Settings
from ansible.module_utils.oci_registry.evidence import standins
from ansible.module_utils.oci_registry.walk import Options, walk
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import place_on_disk

from .conftest import REPOSITORY
from .test_repoint import V1, Case, again, candidates


def test_one_that_shares_the_corrupt_layer_is_no_stand_in_over_the_api(registry, repair):
    """The layer kept its size and its last byte: only who reads all of it sees that, as the finding says it was seen before."""
    case = Case(registry(), kind="")
    settings = Settings(case.registry.address, scheme="http")
    damage("layer-corrupt", case.registry.root, REPOSITORY, "v1")
    case.registry.restart()
    findings = walk(Client(settings), options=Options("content")).as_dict()["findings"]
    assert "blob-corrupt" in {finding["code"] for finding in findings}
    only_v1 = [dict(finding, tags=["v1"]) for finding in findings if "v1" in finding["tags"]]
    for given in (findings, only_v1):
        options = {**case.options("api", approve=["repoint"]), "findings": given}
        del options["images"]
        for check in (True, False):
            result = repair(check=check, **options)
            assert not result["changed"]
            assert [each["possible"] for each in candidates(result, "repoint")] == [False, False]
    named = repair(**{**options, "repoint": {V1: "v2"}})
    assert (named["failed"], named["code"]) == (True, "bad-input")
    assert case.digest_of("v1") == case.builds["v1"].digest


def test_every_manifest_is_looked_at_once(tmp_path, repair, monkeypatch):
    """Of many broken tags with one content each could be the stand-in of each other, which must not mean that many looks squared."""
    root, first, looked, compared = str(tmp_path / "store"), images.build("app"), [], []
    tags = [f"v{number}" for number in range(12)]
    for tag in tags:
        place_on_disk(root, REPOSITORY, tag, again(first, tag))
    damage("layer-gone", root, REPOSITORY, "v1")
    look, contents = standins.look_whole, standins.contents_of
    monkeypatch.setattr(standins, "look_whole", lambda *args, **more: looked.append(args[2]) or look(*args, **more))
    monkeypatch.setattr(standins, "contents_of", lambda *args: compared.append(args[0]) or contents(*args))
    result = repair(check=True, path=root, images=[f"{REPOSITORY}:{tag}" for tag in tags])
    assert len(result["images"]) == len(tags)
    assert sorted(set(looked)) == sorted(looked)
    assert sorted(set(compared)) == sorted(compared)
