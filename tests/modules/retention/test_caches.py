# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Retention on real pull-through caches: tags go on disk, and nothing else changes. And what the incident's tag cleanup did instead."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import place_on_disk, tag_path
from ansible.module_utils.registry_lab.push import push

from .conftest import APP, age, is_linked, scanned, store_files, tags_of


def pull(registry, reference: str, kind: str = "manifests") -> int:
    """The status of a GET of a manifest or blob through the cache."""
    connection = registry.connect()
    connection.request("GET", f"/v2/{APP}/{kind}/{reference}", headers={"Accept": images.OCI_INDEX})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@pytest.fixture
def cache(registry):
    """A cache that pulled v1 to v4 of an upstream: their indexes, and of the rest hardly anything."""
    upstream = registry()
    found = registry(proxy_remote=f"http://{upstream.address}")
    for number in range(1, 5):
        build = images.build(f"app-{number}")
        push(upstream, APP, f"v{number}", build)
        assert pull(found, f"v{number}") == 200
        assert pull(found, build.children[0].blobs[0].digest, "blobs") == 200  # else 2.8 has the repository in no catalog
        age(found.root, APP, f"v{number}", 10 - number)
    # 2.8 writes it when it stops, at the latest
    deadline = time.monotonic() + 20
    while not os.path.exists(os.path.join(found.root, "scheduler-state.json")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_tags_go_and_come_back_with_the_next_pull(cache, retain, repair):
    before = store_files(cache.root)
    predicted = retain(check=True, path=cache.root, keep_newest=2)
    assert predicted["changed"], predicted
    assert store_files(cache.root) == before
    done = retain(path=cache.root, keep_newest=2)
    assert done["changed"], done
    assert done["diff"] == predicted["diff"]
    assert tags_of(cache.root, APP) == {"v3", "v4"}
    after = store_files(cache.root)
    assert all("/_manifests/tags/v" in path for path in before.keys() - after.keys())
    assert {path: before[path] for path in after} == after
    assert not retain(path=cache.root, keep_newest=2)["changed"]
    assert scanned(cache.root, mode="cache") == []
    assert pull(cache, "v1") == 200
    undone = repair(path=cache.root, undo=done["run_id"])
    assert undone["changed"], undone
    assert tags_of(cache.root, APP) == {"v1", "v2", "v3", "v4"}
    assert pull(cache, "v2") == 200


def test_a_cache_over_its_api_says_so_before_anything_is_lost(cache, retain):
    result = retain(registry=cache.address, scheme="http", keep_newest=0, approve=["delete_all"])
    assert result["failed"]
    assert result["code"] == "apply-failed"
    assert "pull-through cache" in result["msg"]
    assert tags_of(cache.root, APP) == {"v1", "v2", "v3", "v4"}


def test_the_cleanup_of_the_incident_kept_less_and_left_more(any_registry, retain, tmp_path):
    """``rmtree`` of all but the newest tags by age leaves their manifests linked, so that a collection frees nothing without ``-m``,

    and ``-m`` on 2.8 takes the children of what was kept. Retention and a plain collection free the space and keep all of it.
    """
    stores = {}
    for name in ("rmtree", "retention"):
        registry = any_registry()
        for number in range(1, 5):
            place_on_disk(registry.root, APP, f"v{number}", images.build(f"app-{number}"))
            age(registry.root, APP, f"v{number}", 10 - number)
        stores[name] = registry
    cleaned, retained = stores["rmtree"], stores["retention"]
    for tag in ("v1", "v2"):
        shutil.rmtree(Path(tag_path(cleaned.root, APP, tag)).parents[1])
    cleaned.collect()
    assert is_linked(cleaned.root, APP, images.build("app-1").digest)
    cleaned.collect(delete_untagged=True)
    assert {finding["code"] for finding in scanned(cleaned.root)} == {"child-missing"}
    assert retain(path=retained.root, registry=retained.address, scheme="http", keep_newest=2)["changed"]
    retained.collect()
    assert scanned(retained.root) == []
    assert not is_linked(retained.root, APP, images.build("app-1").digest)
