# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Several registries in one play: what is known once for all, such as who uses what, is known for each of them."""

from __future__ import annotations

import json
import sys

import pytest
from ansible.module_utils.registry_lab.images import build
from ansible.module_utils.registry_lab.push import push


@pytest.fixture
def two(lab, any_registry, cluster_with, tmp_path):
    """An inventory of an intact registry and one that lost its children and has no source; and what a cluster runs of the latter."""
    intact, broken = any_registry(), lab("orphan-index")
    push(intact, "team/other", "1.0", build("intact"))
    stores = {"intact": (intact.address, intact.root), "wrecked": (broken.truth["address"], broken.truth["root"])}
    common = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "registry_scheme": "http"}
    hosts = {
        name: {**common, "registry_address": address, "registry_store_path": str(root)}
        for name, (address, root) in stores.items()
    }
    (tmp_path / "hosts.yml").write_text(json.dumps({"registries": {"hosts": hosts}}), encoding="utf-8")
    cluster = cluster_with(f"{broken.truth['address']}/team/app:latest")
    return {"inventory": tmp_path / "hosts.yml", "variables": {"impact_manifests": [cluster]}}


@pytest.mark.parametrize(("playbook", "check"), [("diagnose", False), ("recover", True)])
def test_who_uses_what_is_known_for_each(two, play, playbook, check):
    outcome = play(playbook, {**two["variables"], "target": "registries"}, check=check, inventory=two["inventory"])
    intact, wrecked = outcome.report["results"]
    assert (intact["images"], intact["problems"], outcome.report["unseen"]) == ([], [], [])
    used = [image["tag"] for image in wrecked["images"] if image["in_use"]]
    assert used == ["latest"]
    assert wrecked["images"][0]["tag"] == "latest"
