# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""registry-doctor pin on the vm lab: no drift, drift of each kind, and a machine that cannot be looked at, which is never "no drift"."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible.module_utils.doctor_archive import archive
from ansible.module_utils.oci_registry.exposition import parse
from ansible.module_utils.registry_lab.vm.client import neutral_environment
from ansible.module_utils.registry_lab.vm.spec import SERVICES

from contract.project import ROOT
from plugins.vm import labs_made

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("vm")]
NAMES = [service.name for service in SERVICES]


class Told(NamedTuple):
    """How a run ended, and the metrics after it."""

    rc: int
    text: str
    errors: str
    drift: dict[str, int]
    success: int | None


class Machine:
    """A vm lab and a doctor that can do nothing but this."""

    def __init__(self, vm: Any, folder: Path) -> None:
        self.vm = vm
        self.config, self.textfile, self._doctor = folder / "vm.json", folder / "pin.prom", folder / "registry-doctor.pyz"
        self._doctor.write_bytes(archive(str(ROOT / "module_utils" / "oci_registry"), ["pin"]))
        self.configure()

    def configure(self, **changes: Any) -> None:
        part = {"compose_path": str(self.vm.compose_path), "services": NAMES, "image": self.image, **changes}
        self.config.write_text(json.dumps({"name": "registry-vm", "pin": part}), encoding="utf-8")

    @property
    def image(self) -> str:
        """What the lab's services run."""
        return str(self.vm.images["2"])

    def pin(self, *arguments: str, **environment: str) -> Told:
        command = [sys.executable, "-I", "-W", "error", str(self._doctor), "pin", "--config", str(self.config), *arguments]
        docker = {**neutral_environment(), **self.vm.parts.docker.environment(), **environment}
        ran = subprocess.run(
            [*command, "--textfile", str(self.textfile)], env=docker, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in ran.stderr
        samples = list(parse(self.textfile.read_text(), "registry_pin_", {})) if self.textfile.exists() else []
        drift = {each.labels["service"]: int(each.value) for each in samples if each.name == "registry_pin_drift"}
        success = [int(each.value) for each in samples if each.name == "registry_pin_success"]
        return Told(ran.returncode, ran.stdout, ran.stderr, drift, success[0] if success else None)


@pytest.fixture(scope="module")
def own_vm() -> Iterator[Any]:
    """A lab that these tests change; each puts back what it changed."""
    with labs_made() as make:
        yield make()


@pytest.fixture
def machine(own_vm: Any, tmp_path: Path) -> Machine:
    own_vm.compose("up", "--detach", "--no-recreate")
    return Machine(own_vm, tmp_path)


def test_what_is_pinned_has_no_drift(machine):
    told = machine.pin()
    assert (told.rc, told.errors, told.drift, told.success) == (0, "", dict.fromkeys(NAMES, 0), 1)
    assert told.text.endswith("registry-vm pin: no drift\n")
    if shutil.which("promtool"):
        text = machine.textfile.read_text()
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        assert "error" not in checked.stderr + checked.stdout
    assert machine.textfile.stat().st_mode & 0o777 == 0o644


def test_another_pin_is_drift_of_all(machine):
    machine.configure(image="registry:9.9.9")
    told = machine.pin("--output", "json")
    assert (told.rc, set(told.drift.values())) == (1, {1})
    (first, *_others) = json.loads(told.text)["services"]
    assert first["reasons"] == [f"the compose file says {machine.image}", f"it runs {machine.image}"]
    assert (first["service"], first["drift"], first["pinned_id"]) == (NAMES[0], True, "")


def test_an_image_that_was_started_by_hand(machine, monkeypatch, tmp_path):
    other = machine.image.replace(":2", ":by-hand")
    machine.vm.docker("tag", machine.image, other)
    by_hand = tmp_path / "by-hand.yml"
    by_hand.write_text(f"services: {{{NAMES[1]}: {{image: '{other}'}}}}\n", encoding="utf-8")
    try:
        machine.vm.compose("-f", str(by_hand), "up", "--detach", "--no-deps", NAMES[1])
        told = machine.pin()
        assert (told.rc, told.success) == (1, 1)
        assert {name for name, drifts in told.drift.items() if drifts} == {NAMES[1]}
        assert f"{NAMES[1]}: pinned to {machine.image}, and it runs {other}\n" in told.text
        assert "DRIFT 1 of 6" in told.text
    finally:
        machine.vm.compose("up", "--detach", "--no-deps", NAMES[1])
        machine.vm.docker("rmi", other)
    assert machine.pin().rc == 0, "it is over once the file is what runs"


def test_a_tag_that_moved(machine, tmp_path):
    (tmp_path / "Dockerfile").write_text(f"FROM {machine.image}\nLABEL moved=1\n", encoding="utf-8")
    before = machine.vm.docker("image", "inspect", machine.image, "--format", "{{.Id}}").stdout.strip()
    machine.vm.docker("build", "--quiet", "--tag", machine.image, str(tmp_path))
    try:
        told = machine.pin()
        assert (told.rc, set(told.drift.values())) == (1, {1})
        assert f"it runs what {machine.image} was before" in told.text
    finally:
        moved = machine.vm.docker("image", "inspect", machine.image, "--format", "{{.Id}}").stdout.strip()
        machine.vm.docker("tag", before, machine.image)
        machine.vm.docker("rmi", "--force", moved)
    assert machine.pin().rc == 0


def test_a_service_that_is_down_or_gone(machine):
    machine.vm.compose("stop", NAMES[0])
    machine.vm.compose("rm", "--force", "--stop", NAMES[2])
    told = machine.pin()
    assert (told.rc, {name for name, drifts in told.drift.items() if drifts}) == (1, {NAMES[0], NAMES[2]})
    assert "it is exited" in told.text and "it has no container" in told.text


@pytest.fixture
def down() -> dict[str, str]:
    """The environment of an engine that is down."""
    return {"DOCKER_HOST": "unix:///no/such/docker.sock"}


def test_an_engine_that_is_down_is_no_pin(machine, down):
    assert set(machine.pin().drift.values()) == {0}
    told = machine.pin(**down)
    assert (told.rc, told.text, told.drift, told.success) == (2, "", {}, 0)
    assert told.errors.startswith("registry-doctor: docker ") and told.errors.count("\n") == 1
    machine.vm.compose("stop", NAMES[0])
    assert machine.pin().drift[NAMES[0]] == 1
    told = machine.pin(**down)
    assert (told.rc, told.drift, told.success) == (2, {NAMES[0]: 1}, 0), "drift is not over because nobody can look"


CANNOT: dict[str, tuple[Callable[[Machine], Any], str]] = {
    "no such compose file": (
        lambda machine: machine.configure(compose_path="/no/such.yml"),
        "/no/such.yml: there is no such file",
    ),
    "no such service": (lambda machine: machine.configure(services=["nosuch"]), "has no service 'nosuch'"),
    "no service at all": (lambda machine: machine.configure(services=[]), "names no service"),
    "no image": (lambda machine: machine.configure(image=None), "pin.image: is missing"),
    "an option that there is not": (lambda machine: machine.configure(images=["x"]), "there is no option images"),
    "no JSON": (lambda machine: machine.config.write_text("{"), "configuration cannot be read"),
    "a compose file that is none": (
        lambda machine: machine.configure(compose_path=str(machine.config)),
        "docker compose config",
    ),
}


@pytest.mark.parametrize(("spoil", "said"), CANNOT.values(), ids=CANNOT)
def test_what_cannot_be_looked_at_is_one_error_and_no_zero(machine, spoil, said):
    spoil(machine)
    told = machine.pin()
    assert (told.rc, told.text, told.drift, told.success) == (2, "", {}, 0)
    assert said in told.errors


def test_docker_that_is_not_installed_and_a_folder_that_is_not_there(machine):
    told = machine.pin(PATH="/nonexistent")
    assert (told.rc, told.drift, told.success) == (2, {}, 0)
    assert "docker is not installed" in told.errors
    machine.textfile = machine.textfile.parent / "gone" / "pin.prom"
    told = machine.pin()
    assert told.rc == 2
    assert "metrics cannot be written" in told.errors


@pytest.mark.parametrize(
    ("words", "said"), [("nonsense", "did not print the JSON"), ("{}", "names no project"), ("[]", "names no project")]
)
def test_a_docker_that_says_something_else(machine, tmp_path, words, said):
    program = tmp_path / "docker"
    program.write_text(f"#!/bin/sh\necho '{words}'\n", encoding="utf-8")
    program.chmod(0o755)
    told = machine.pin(PATH=f"{tmp_path}:/usr/bin:/bin")
    assert (told.rc, told.drift, told.success) == (2, {}, 0)
    assert said in told.errors
