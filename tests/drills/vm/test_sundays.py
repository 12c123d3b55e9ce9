# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The machine of the incident is put in order, then lives through Sundays with pushes and deletions, and loses nothing.

``RUNBOOK_SUNDAYS`` says how many Sundays; 2 without it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.vm.front import Front
from ansible.module_utils.registry_lab.vm.spec import CACHES, HOSTED

from drills.vm import schedule
from drills.vm.incident import active_legacy_lines, put_legacy_jobs
from drills.vm.shelf import Shelf
from playbooks.running import Outcome, run_playbook
from plugins.vm import RunningVm

SUNDAYS = int(os.environ.get("RUNBOOK_SUNDAYS", "2"))
NEWEST = 3
RULES = {"keep_newest": NEWEST, "untagged_grace": 0}
MAINTAIN = {"approve": ["retire_jobs"], "maintain_rules": RULES}
pytestmark = pytest.mark.slow
Play = Callable[..., Outcome]


@pytest.fixture
def vm(new_vm_lab: Callable[..., RunningVm]) -> RunningVm:
    """The machine as it was before the incident was understood."""
    made = new_vm_lab()
    put_legacy_jobs(made)
    return made


@pytest.fixture
def play(vm: RunningVm, tmp_path: Path) -> Play:
    """``play(name, **variables)``: run a playbook against the machine; it must end well."""

    def run(name: str, **variables: Any) -> Outcome:
        outcome = run_playbook(name, tmp_path, variables, inventory=vm.inventory)
        assert (outcome.rc, outcome.findings or 0) == (0, 0), outcome.stdout
        return outcome

    return run


def pull_through(vm: RunningVm) -> None:
    """Pull what each cache lists, top manifest and children, and what it has not held so far."""
    for service in CACHES:
        front = Front(vm.parts.vm, service)
        for repository in json.loads(front.get("/v2/_catalog")[1])["repositories"]:
            for tag in json.loads(front.get(f"/v2/{repository}/tags/list")[1])["tags"]:
                status, index = front.get(f"/v2/{repository}/manifests/{tag}")
                assert status == 200, (service.name, repository, tag)
                for child in json.loads(index)["manifests"]:
                    assert front.get(f"/v2/{repository}/manifests/{child['digest']}")[0] == 200


def live_a_week(shelf: Shelf, week: int) -> None:
    """What a week brings: new images, a tag that moves, a tag pushed again as it is, a deletion by digest, a new repository."""
    for repository in ("infra-ci", "shop/api"):
        shelf.push(repository, f"week-{week}", f"{repository} {week}")
        shelf.push(repository, "latest", f"{repository} {week}")
    again = shelf.push("shop/web", f"again-{week}", f"again {week}")
    assert shelf.push("shop/web", f"again-{week}", f"again {week}").digest == again.digest
    mistake = shelf.push("shop/web", "mistake", f"mistake {week}")
    shelf.delete("shop/web", mistake.digest)
    shelf.push(f"new/week-{week}", "v1", f"new {week}")


def test_nothing_is_lost_over_many_sundays(vm: RunningVm, play: Play, tmp_path: Path) -> None:
    play("pin")
    shelf = Shelf(vm)
    play("maintain", **MAINTAIN)
    shelf.retain(NEWEST)
    for week in range(SUNDAYS):
        live_a_week(shelf, week)
        pull_through(vm)
        schedule.run_sunday(vm)
        shelf.retain(NEWEST)
        assert shelf.on_disk() == shelf.tags
        assert shelf.served() == shelf.tags
    report = shelf.pull_everything()
    assert (report.findings, report.problems) == ([], [])
    assert report.summary["tags"] == sum(map(len, shelf.tags.values()))
    copy_with_another_client(vm, tmp_path / "skopeo")
    pull_through(vm)
    every_job_succeeded(vm)
    assert active_legacy_lines(vm) == []


def every_job_succeeded(vm: RunningVm) -> None:
    """The metrics of every job of every registry say so; caches are not collected."""
    told = schedule.metrics(vm)
    wanted = {(name, job) for name in vm.stores for job in ("retain", "scan")} | {(HOSTED.name, "collect")}
    assert set(told) == wanted
    assert {name: values["registry_maintenance_success"] for name, values in told.items()} == dict.fromkeys(wanted, 1.0)


def copy_with_another_client(vm: RunningVm, folder: Path) -> None:
    """skopeo copies all platforms of the image that every pipeline runs in."""
    folder.mkdir()
    (folder / "ca.crt").write_bytes(vm.ca_path.read_bytes())
    address, (user, password) = vm.addresses[HOSTED.name], vm.credentials
    login = ["login", f"--authfile={folder}/auth.json", f"--cert-dir={folder}", f"--username={user}", "--password-stdin", address]
    skopeo(*login, input=password)
    access = [f"--src-authfile={folder}/auth.json", f"--src-cert-dir={folder}"]
    skopeo("copy", "--all", *access, f"docker://{address}/infra-ci:latest", f"dir:{folder}/image")


def skopeo(*arguments: str, **options: Any) -> None:
    """Run it; it must end well."""
    outcome = subprocess.run(["skopeo", *arguments], text=True, capture_output=True, check=False, **options)
    assert outcome.returncode == 0, outcome.stderr
