# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Every command of docs/runbooks works: each block is run against a machine, in the order of the documents, and ends as it says.

A block is one script, and stops at the first command that fails. Blocks with ``./runbook`` run in the checkout, all others on the machine.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab.vm.scenarios import Stage
from ansible.module_utils.registry_lab.vm.scenarios.ci_image import broken_ci_image

from contract.project import ROOT, ansible_environment
from drills.vm.documents import Block, blocks, replaced
from drills.vm.incident import put_legacy_jobs
from drills.vm.shelf import Shelf
from plugins.vm import RunningVm, labs_made

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("vm")]

DOCUMENTS = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
BLOCKS = [block for document in DOCUMENTS for block in blocks(document) if not block.on_monitoring]
#: what has happened where a page begins to help, by the heading
HAPPENED: dict[tuple[str, str], Callable[[RunningVm], None]] = {}
_OF_VERSION_3 = re.compile(r"registry:3\.|registry_dialect=3")
_SECONDS = 600


def happens(document: str, heading: str) -> Callable[[Callable[[RunningVm], None]], Callable[[RunningVm], None]]:
    """What is decorated happens before the first block below that heading."""

    def note(what: Callable[[RunningVm], None]) -> Callable[[RunningVm], None]:
        HAPPENED[document, heading] = what
        return what

    return note


@happens("rebuild-image.md", "Confirm")
def the_image_is_lost(vm: RunningVm) -> None:
    broken_ci_image(Stage(vm.parts, str(ROOT)))


@happens("rebuild-image.md", "B. Rebuild on the machine")
def the_image_is_lost_and_woodpecker_down(vm: RunningVm) -> None:
    the_image_is_lost(vm)
    vm.parts.ci.stop()


@happens("rebuild-image.md", "The pipelines that failed meanwhile")
def woodpecker_is_back(vm: RunningVm) -> None:
    vm.parts.ci.start()


@pytest.fixture(scope="module")
def machine() -> Iterator[RunningVm]:
    """One machine for all blocks, since a document may rely on what stands above: with old jobs, and with something to collect."""
    with labs_made() as make:
        vm = make()
        put_legacy_jobs(vm)
        shelf = Shelf(vm)
        shelf.delete("infra-ci", shelf.push("infra-ci", "mistake", "mistake").digest)
        yield vm


def values(vm: RunningVm) -> dict[str, str]:
    """What the documents say, and what the same thing is called in the lab."""
    ports = {"registry-dockerhub": 5000, "registry-ghcr": 5010, "registry-quay": 5020}
    ports.update({"registry-k8s": 5030, "registry-kyverno": 5040, "registry-private": 5050})
    return {
        "inventory/example": str(vm.inventory),
        "/opt/registry": str(vm.compose_path.parent),
        "registry:2.8.3": vm.parts.vm.image("registry", vm.parts.vm.pinned),
        "registry:3.1.1": version_3(vm),
        **{f"registry.example.com:{port}": vm.addresses[name] for name, port in ports.items()},
    }


def version_3(vm: RunningVm) -> str:
    """An image with registry 3.x; empty where this machine has no such registry."""
    return next((image for tag, image in vm.images.items() if tag.startswith("3.")), "")


def name_the_configuration(vm: RunningVm) -> None:
    """The step before an upgrade that a person does in an editor: each registry names its configuration."""
    text = vm.compose_path.read_text(encoding="utf-8")
    if "command:" not in text:
        command = r"\1    command: [serve, /etc/docker/registry/config.yml]\n"
        vm.compose_path.write_text(re.sub(r"(    image: \S+/registry:\S+\n)", command, text), encoding="utf-8")


def run(vm: RunningVm, block: Block, state: Path) -> subprocess.CompletedProcess[str]:
    """Run a block where it belongs."""
    text = replaced(block.text, values(vm))
    if not block.on_controller:
        return vm.ssh(["sh", "-eu", "-s"], input=text, check=False, timeout=_SECONDS)
    environment = {**ansible_environment(), "RUNBOOK_STATE": str(state)}
    return subprocess.run(
        ["sh", "-eu", "-s"], input=text, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=_SECONDS, check=False
    )


def test_there_are_commands() -> None:
    assert {block.document for block in BLOCKS} >= {"alerts.md", "maintenance.md", "rebuild-image.md", "registry-vm.md"}
    assert HAPPENED.keys() <= {(block.document, block.heading) for block in BLOCKS}


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_the_block_does_what_it_says(machine: RunningVm, block: Block, tmp_path: Path) -> None:
    HAPPENED.pop((block.document, block.heading), lambda _vm: None)(machine)
    if _OF_VERSION_3.search(block.text):
        if not version_3(machine):
            pytest.skip("this machine has no registry 3.x; name one in REGISTRY_BINARIES")
        name_the_configuration(machine)
    outcome = run(machine, block, tmp_path)
    assert outcome.returncode == block.exit_code, f"{block.text}\n{outcome.stdout}\n{outcome.stderr}"
    assert "Traceback" not in outcome.stdout + outcome.stderr
