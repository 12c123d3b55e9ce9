# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Registries that answer from a cache of what is no longer on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.client import Client, Settings
from ansible.module_utils.oci_registry.walk import walk
from ansible.module_utils.registry_lab.place import blob_path
from ansible.module_utils.registry_lab.push import push

from .conftest import REPOSITORY, TAG, Broken, actions, scanned, two_platforms, walked


@pytest.fixture
def stale(registry, tmp_path) -> Broken:
    """A registry whose cache knows two layers that are gone from the disk."""
    made, image = registry(cache=True), two_platforms()
    push(made, REPOSITORY, TAG, image)
    layout = tmp_path / "layout"
    for digest, content in image.contents().items():
        path = layout / "blobs" / digest.replace(":", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    settings = Settings(made.address, scheme="http")
    assert walk(Client(settings)).healthy  # fills the cache
    for child in image.children[:2]:
        Path(blob_path(made.root, child.blobs[-1].digest)).unlink()
    return Broken(made.root, str(layout), image, walk(Client(settings)).as_dict()["findings"], made)


def layout_of(case: Broken) -> dict:
    return {"sources": [{"type": "layout", "path": case.snapshot}]}


@pytest.mark.parametrize("with_path", [True, False])
def test_a_restart_comes_first_and_the_repair_works_without_it(with_path, stale, repair):
    assert {finding["state"] for finding in stale.findings} == {"stale-cache"}
    options = {**stale.over_api, **layout_of(stale), **({"path": stale.root} if with_path else {})}
    planned = repair(check=True, **options)
    assert planned["restart_required"]
    first = planned["plan"][0]
    assert (first["action"], first["way"], first["state"]) == ("restart", "operator", "remaining")
    done = repair(**options)
    assert actions(done) == [("restore", "api")] * 2
    assert scanned(stale.root) == []
    assert walk(Client(Settings(stale.registry.address, scheme="http"))).healthy, "without a restart, too"
    assert walked(stale.registry) == []
    again = repair(**options)
    assert not again["changed"]
    assert not again["restart_required"]
