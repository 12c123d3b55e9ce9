# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""pin.yml on the vm lab: all services or none, one at a time, proven through nginx, taken back where that fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible.module_utils.registry_lab.vm.spec import FRONT, SERVICES

from plugins.vm import labs_made

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("vm")]
NAMES = [service.name for service in SERVICES]
ADDRESS = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"


class Machine:
    """A vm lab, and what a pin may change of it."""

    def __init__(self, vm: Any, play: Callable[..., Any]) -> None:
        self.vm = vm
        self._play = play

    def pin(self, version: str = "", *, check: bool = False, **variables: Any) -> Any:
        """Run pin.yml; ``version``: a tag of the lab's registry, else the one of its inventory."""
        given = {"pin_health_timeout": 60, **variables, **({"pin_image": self.image(version)} if version else {})}
        return self._play("pin", given, check=check, inventory=self.vm.inventory)

    def image(self, version: str) -> str:
        """The lab's image of a version."""
        return str(self.vm.images[version])

    @property
    def pinned(self) -> str:
        """The version that the lab's inventory asks for."""
        return max(tag for tag in self.vm.images if tag.startswith("2."))

    def state(self) -> dict[str, str]:
        """All that stays as it is when nothing is to be changed: files, containers and since when they run."""
        about = "{{.Id}} {{.Config.Image}} {{.State.StartedAt}}"
        containers = {name: self.inspect(name, about) for name in [*NAMES, FRONT]}
        files = {path.name: path.read_text() for path in sorted(self.vm.compose_path.parent.iterdir()) if path.is_file()}
        return {**containers, **files}

    def inspect(self, service: str, form: str) -> str:
        """One fact of a service's container."""
        return str(self.vm.docker("inspect", self.vm.container(service), "--format", form).stdout.strip())

    def images(self) -> set[str]:
        """The images that the services run."""
        return {self.inspect(name, "{{.Config.Image}}") for name in NAMES}

    def swap_addresses(self) -> tuple[str, str]:
        """Make two caches get each other's address, while nginx does not notice."""
        by_address = sorted(NAMES[:2], key=lambda name: tuple(map(int, self.inspect(name, ADDRESS).split("."))))
        before = [self.inspect(name, ADDRESS) for name in by_address]
        self.vm.compose("stop", *by_address)
        for name in reversed(by_address):
            self.vm.compose("start", name)
        assert [self.inspect(name, ADDRESS) for name in by_address] == before[::-1]
        return by_address[0], by_address[1]


@pytest.fixture(scope="module")
def own_vm() -> Iterator[Any]:
    """A lab that these tests change; each starts from what the one before left, and says what it needs."""
    with labs_made() as make:
        yield make()


@pytest.fixture
def machine(own_vm: Any, play: Callable[..., Any]) -> Machine:
    """Its machine, with all services running."""
    own_vm.compose("up", "--detach", "--no-recreate")
    return Machine(own_vm, play)


def result_of(outcome: Any) -> dict[str, Any]:
    """What the role kept."""
    assert outcome.report, outcome.stdout
    (result,) = outcome.report["results"]
    return dict(result)


def actions(outcome: Any) -> set[str]:
    """What is done to services, by the plan."""
    return {step["action"] for step in result_of(outcome)["plan"]}


def assert_each_is_itself(outcome: Any) -> None:
    assert {port["name"]: (port["codes"], port["proof"]) for port in result_of(outcome)["ports"]} == {
        name: ([], "log") for name in NAMES
    }


def test_check_do_check_again_do_again(machine):
    compose, before = machine.vm.compose_path.read_text(), machine.state()
    planned = machine.pin(check=True)
    assert (planned.rc, machine.state()) == (0, before)
    done = machine.pin()
    assert (done.rc, done.failures) == (0, [])
    assert result_of(planned)["plan"] == result_of(done)["plan"]
    assert actions(done) == {"recreate"}
    assert_each_is_itself(done)
    assert machine.images() == {machine.image(machine.pinned)}
    assert machine.vm.compose_path.read_text() == compose.replace(machine.image("2") + "\n", machine.image(machine.pinned) + "\n")
    after = machine.state()
    for check in (True, False):
        again = machine.pin(check=check)
        assert (again.rc, again.changed, actions(again), machine.state()) == (0, 0, {"keep"}, after)
        assert_each_is_itself(again)


def test_ports_that_lead_to_one_another_are_named_and_cured(machine):
    assert machine.pin().rc == 0
    first, second = machine.swap_addresses()
    before = machine.state()
    planned = machine.pin(check=True)
    assert (planned.rc, machine.state()) == (0, before)
    found = {(one["code"], one["registry"], one["other"]) for one in result_of(planned)["found"]}
    assert found == {("front-other-registry", first, second), ("front-other-registry", second, first)}
    cured = machine.pin()
    assert (cured.rc, actions(cured), result_of(cured)["restarted"]) == (0, {"keep"}, True)
    assert_each_is_itself(cured)
    changed = {name for name, state in machine.state().items() if before[name] != state}
    assert changed == {FRONT}
    assert not result_of(machine.pin())["restarted"]


def test_a_service_that_is_down_is_started(machine):
    assert machine.pin().rc == 0
    machine.vm.compose("stop", NAMES[2])
    outcome = machine.pin()
    assert (outcome.rc, actions(outcome)) == (0, {"keep", "start"})
    assert_each_is_itself(outcome)


@pytest.fixture
def image_that_exits(machine, tmp_path):
    """It says which version it is, and does nothing else."""
    image = machine.image("2").replace(":2", ":2.9.9")
    script = 'case "$1" in --version) exec registry --version;; esac; echo no room left for this registry; exit 3'
    entrypoint = json.dumps(["sh", "-c", script, "registry"])
    (tmp_path / "Dockerfile").write_text(f"FROM {machine.image('2')}\nENTRYPOINT {entrypoint}\n", encoding="utf-8")
    machine.vm.docker("build", "--quiet", "--tag", image, str(tmp_path))
    yield image
    machine.vm.docker("rmi", "--force", image)


def test_an_image_that_does_not_come_up_is_taken_back_everywhere(machine, image_that_exits):
    assert machine.pin().rc == 0
    before, images = machine.vm.compose_path.read_text(), machine.images()
    for _time in range(2):
        outcome = machine.pin(pin_image=image_that_exits)
        assert outcome.rc == 2
        problem = result_of(outcome)["problem"]
        for said in (f"{NAMES[0]}: it ", "no room left for this registry", "every service runs it", "answers as its own"):
            assert said in problem
        assert (machine.vm.compose_path.read_text(), machine.images()) == (before, images)
        assert_each_is_itself(outcome)
    assert machine.pin().changed == 0


def test_a_configuration_that_is_broken_keeps_the_others_up(machine):
    """Neither image comes back with it: it is said, and nginx, which would not start without it, is left running."""
    assert machine.pin().rc == 0
    config = machine.vm.compose_path.parent / f"config-{SERVICES[1].store}.yml"
    right, since = config.read_text(), machine.inspect(FRONT, "{{.State.StartedAt}}")
    config.write_text("version: 9.9\n")  # in place: the mount stays
    try:
        outcome = machine.pin("2", pin_allow_floating=["2"])
    finally:
        config.write_text(right)
    assert outcome.rc == 2
    problem = result_of(outcome)["problem"]
    assert "unsupported version" in problem and "not everywhere" in problem and f"{FRONT} was not restarted" in problem
    assert machine.inspect(FRONT, "{{.State.StartedAt}}") == since
    # a container that keeps ending takes another address each time, so more ports than its own may be wrong: all of them are named
    codes = {port["name"]: port["codes"] for port in result_of(outcome)["ports"]}
    assert codes[NAMES[1]]
    assert {name for name, found in codes.items() if found} == {one["registry"] for one in result_of(outcome)["findings"]}
    assert_each_is_itself(machine.pin())


def test_a_run_that_was_killed_is_finished_by_the_next(machine):
    assert machine.pin().rc == 0
    machine.pin("2", pin_allow_floating=["2"])
    assert machine.images() == {machine.image("2")}
    compose = machine.vm.compose_path
    compose.write_text(compose.read_text().replace(f"{machine.image('2')}\n", f"{machine.image(machine.pinned)}\n"))
    machine.vm.compose("up", "--detach", "--no-deps", NAMES[0])
    kept = compose.parent / ".registry-pin.json"
    kept.write_text(json.dumps({"image": machine.image(machine.pinned), "before": dict.fromkeys(NAMES, machine.image("2"))}))
    since = machine.inspect(NAMES[0], "{{.State.StartedAt}}")
    outcome = machine.pin()
    assert (outcome.rc, machine.images()) == (0, {machine.image(machine.pinned)})
    assert machine.inspect(NAMES[0], "{{.State.StartedAt}}") == since
    assert not kept.exists()


BAD = {
    "no such image": ({"pin_image": "lab.invalid/registry:2.8.3"}, "cannot be pulled"),
    "another match": ({"pin_match": "elsewhere.invalid/registry:2"}, "elsewhere.invalid/registry"),
    "no such file": ({"registry_compose_path": "/no/such/compose.yml"}, "/no/such/compose.yml"),
    "no such front": ({"registry_front_service": "nosuch"}, "has no service 'nosuch'"),
    "a registry, not the machine": ({"target": "registry-private"}, "Name a machine"),
    "an unknown word": ({"approve": ["everything"]}, "everything"),
}


@pytest.mark.parametrize(("variables", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_clear_message_and_nothing_changed(machine, variables, message):
    before = machine.state()
    outcome = machine.pin(**variables)
    assert (outcome.rc, len(outcome.failures)) == (2, 1), outcome.failures
    assert message in outcome.failures[0]
    assert machine.state() == before


def test_a_floating_tag_and_another_program_are_refused(machine):
    before = machine.state()
    assert "floats" in machine.pin("2").failures[0]
    front = machine.pin(pin_image=machine.inspect(FRONT, "{{.Config.Image}}"))
    assert "no Distribution registry" in front.failures[0]
    assert machine.state() == before


def test_no_password_in_what_is_printed_and_kept(machine, tmp_path):
    outcome = machine.pin(check=True)
    password = machine.vm.credentials[1].encode()
    assert password.decode() not in outcome.stdout
    assert [path for path in tmp_path.rglob("*") if path.is_file() and password in path.read_bytes()] == []
