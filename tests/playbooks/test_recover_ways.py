# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""recover.yml in one run: each image by the way that is left for it, from another host, from what docker save kept, by its pipeline."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.push import push
from ansible.module_utils.registry_lab.restart import restart_commands, write_restart_script

from plugins.contents import content_store
from plugins.woodpecker import TOKEN

#: repository: what is done to it, and the platforms that it has
HARMS = {
    "elsewhere": ("child-gone", [images.AMD64, images.ARM64]),
    "saved": ("layer-gone", [images.AMD64]),
    "built": ("layer-halved", [images.AMD64]),
}


def content(name):
    return images.build(f"the image {name}", HARMS[name][1])


@pytest.fixture
def broken(any_registry, woodpecker, tmp_path):
    """The variables of a registry with three images, each broken in another way, and of an inventory that knows a way for each."""
    registry = any_registry()
    for name, (harm, _platforms) in HARMS.items():
        push(registry, name, "1.0", content(name))
        if name == "saved":
            source = ["--src-tls-verify=false", f"docker://{registry.address}/{name}:1.0"]
            subprocess.run(["skopeo", "copy", "-q", *source, f"docker-archive:{tmp_path / 'saved.tar'}"], check=True)
        damage(harm, registry.root, name, "1.0")
    write_restart_script(registry)
    registry.restart()
    made = woodpecker.add("o/built", "steps: [{name: push, image: 'alpine:3.20', when: {event: [push, manual]}}]\n")
    # built from the same files it has the same layer: the one that is on disk, and damaged
    woodpecker.do["push"] = lambda _job: push(registry, "built", "1.0", content("built")) or 0
    hosts = {
        name: {"ansible_connection": "local", "ansible_python_interpreter": sys.executable} for name in ("registry", "runner")
    }
    hosts["registry"] |= {
        "registry_address": registry.address,
        "registry_scheme": "http",
        "registry_store_path": registry.root,
        "registry_restart_commands": restart_commands(registry),
        "registry_sources": [{**content_store(tmp_path / "runner", content("elsewhere").contents()), "host": "runner"}],
        "image_archives": [{"image": "saved:1.0", "path": str(tmp_path / "saved.tar")}],
        "image_builds": [{"image": "built", "tags": ["1.0"], "ci": {**woodpecker.described(made), "step": "push"}}],
    }
    (tmp_path / "hosts.yml").write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    return tmp_path / "hosts.yml"


def test_each_image_by_the_way_that_is_left_for_it(broken, play):
    asked = {"target": "registry", "approve": ["repoint", "rebuild"]}
    plan = {"elsewhere": "restore", "saved": "reload", "built": "rebuild"}
    outcome = play("recover", asked, inventory=broken)
    (result,) = outcome.report["results"]
    assert {one["repository"]: one["chosen"] for one in result["images"]} == plan, outcome.text
    assert "which recover asks them for: runner\n" in outcome.text
    assert ({one["outcome"] for one in result["images"]}, outcome.rc) == ({"done"}, 0), outcome.text
    assert TOKEN not in outcome.stdout
