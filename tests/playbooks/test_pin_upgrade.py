# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""pin.yml to 3.x and back, where a binary of it is at hand (REGISTRY_BINARIES): what 3.x would do wrong is refused by name."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.vm.spec import HOSTED

from playbooks.test_pin import NAMES, Machine, assert_each_is_itself, result_of
from plugins.vm import labs_made

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("vm")]
CONFIGURATION = "/etc/docker/registry/config.yml"


@pytest.fixture
def machine(play: Any) -> Iterator[Machine]:
    """A lab of its own; skipped where it has no image of 3.x."""
    with labs_made() as make:
        made = Machine(make(), play)
        if not any(tag.startswith("3.") for tag in made.vm.images):
            pytest.skip("no registry 3.x on this machine: name one in REGISTRY_BINARIES")
        yield made


def link_of_a_child(repositories: Path) -> Path:
    """The revision link of a manifest that no tag names."""
    tagged = {path.read_text() for path in repositories.rglob("_manifests/tags/*/current/link")}
    return min(path for path in repositories.rglob("_manifests/revisions/*/*/link") if path.read_text() not in tagged)


def move_to_layers(link: Path) -> Path:
    """Let a manifest be served as 2.8 does and 3.x does not: through a layer link."""
    algorithm, encoded = link.parts[-3], link.parts[-2]
    moved = link.parents[4] / "_layers" / algorithm / encoded / "link"
    moved.parent.mkdir()
    shutil.move(link, moved)
    return moved


def test_to_3_and_back(machine):
    newest = max(tag for tag in machine.vm.images if tag.startswith("3."))
    compose = machine.vm.compose_path
    before = machine.state()
    refused = machine.pin(newest)
    assert f"and not {CONFIGURATION}, which is mounted" in refused.failures[0]
    assert machine.state() == before

    image_line = f"    image: {machine.image('2')}\n"
    compose.write_text(compose.read_text().replace(image_line, f"{image_line}    command: [serve, {CONFIGURATION}]\n"))
    before = machine.state()
    link = link_of_a_child(machine.vm.stores[HOSTED.name] / "docker/registry/v2/repositories")
    moved = move_to_layers(link)
    for check in (True, False):
        lost = machine.pin(newest, check=check)
        assert "would no longer serve 1 images" in lost.failures[0], lost.failures
        assert link.parents[4].name + ":" in lost.failures[0]
        assert machine.state() == before
    shutil.move(moved, link)

    upgraded = machine.pin(newest)
    assert (upgraded.rc, result_of(upgraded)["version"], machine.images()) == (0, newest, {machine.image(newest)})
    assert_each_is_itself(upgraded)
    assert machine.pin(newest, registry_dialect="3").changed == 0
    back = machine.pin(registry_dialect="3")
    assert (back.rc, machine.images(), len(NAMES)) == (0, {machine.image(machine.pinned)}, len(result_of(back)["ports"]))
    assert_each_is_itself(back)
