# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A collection that is killed anywhere: after at most one more run the registry serves all that it served."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.oci_registry.collection import COLLECTION_OPTIONS, Collection
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import blob_path
from ansible.module_utils.registry_lab.push import push
from ansible.module_utils.testing import patch_module_args
from ansible.modules import registry_repair

from .conftest import OWN, ROOT, Place, broken, files, phases, place_of, with_garbage

SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
from module_utils.oci_registry.collection import Collection
Collection(json.loads(sys.argv[2])).run(check_mode=False)
"""


def complete(options: dict[str, Any]) -> dict[str, Any]:
    """The options of a module as Ansible fills them up."""
    return {**{name: option.get("default") for name, option in COLLECTION_OPTIONS.items()}, **options}


def start(options: dict[str, Any]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", SCRIPT, str(ROOT), json.dumps(complete(options))]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def killed_at(number: int, options: dict[str, Any]) -> bool:
    """Collect in a child process that kills itself before call ``number`` to the operating system that changes something."""
    child = os.fork()
    if child == 0:
        calls = itertools.count(1)
        for name in ("fsync", "link", "rename", "unlink", "rmdir"):
            setattr(os, name, deadly(getattr(os, name), calls, number))
        try:
            Collection(complete(options)).run(check_mode=False)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def deadly(function: Callable[..., object], calls: Iterator[int], number: int) -> Callable[..., object]:
    def call(*arguments: object, **named: object) -> object:
        if next(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    return call


def needed(place: Place) -> dict[str, bytes]:
    """Every file that is left once all garbage is collected."""
    names = {digest[7:] for image in (images.build("kept"), images.image("other")) for digest in image.contents()}
    return {path: content for path, content in files(place.root).items() if set(path.split("/")) & names}


def prepared(place: Place) -> dict[str, bytes]:
    with_garbage(place)
    push(place.registry, "other", "v1", images.image("other"))
    return needed(place)


def recovers(place: Place, before: dict[str, bytes], collect: Any, options: dict[str, Any]) -> dict[str, Any]:
    """One more run, and everything is served; returns its result."""
    result = collect(options)
    assert not result.get("failed"), result["msg"]
    assert place.registry.running
    assert broken(place.registry) == []
    assert needed(place) == before
    assert not Path(place.root, OWN, "collection.json").exists()
    assert not list(Path(place.root, OWN, "snapshots").glob("partial-*"))
    return result


@pytest.mark.slow
def test_killed_at_many_moments(any_registry, collect):
    """Before every change for the first few, then ever further apart, to the end of the run."""
    made = place_of(any_registry())
    before = prepared(made)
    kills, number = 0, 1
    while killed_at(number, made.options):
        kills += 1
        recovers(made, before, collect, made.options)
        with_garbage(made, f"again-{number}")
        number += 1 if number < 12 else number // 6
    assert kills > 20, "the run was not killed often enough to mean anything"


PHASES = {
    "quiesce": "quiescing",
    "collect": "collecting",
    "resume": "resuming",
}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("name", PHASES)
def test_killed_by_its_own_command(name, moment, place, collect):
    """The command kills the run that started it, before or after it does its work; what was started goes on alone."""
    made = place(cache=True)
    before = prepared(made)
    argv = made.options["commands"][name]
    wrapped = [deadly_command(each, moment) for each in argv] if name != "collect" else deadly_command(argv, moment)
    run = start(made.with_command(name, wrapped))
    assert run.wait(60) == -signal.SIGKILL
    result = recovers(made, before, collect, made.options)
    assert result["recovered"]["phase"] == PHASES[name]
    assert collect(made.options)["verdict"] == "nothing"


@pytest.mark.parametrize("name", PHASES)
def test_finishing_a_killed_run_and_nothing_else(name, place, collect):
    made = place(cache=True)
    before = prepared(made)
    argv = made.options["commands"][name]
    wrapped = deadly_command(argv, "after") if name == "collect" else [deadly_command(each, "before") for each in argv]
    run = start(made.with_command(name, wrapped))
    assert run.wait(60) == -signal.SIGKILL
    planned = collect(made.options, state="recovered", check=True)
    assert (planned["changed"], [step["phase"] for step in planned["plan"]]) == (True, ["recover"])
    assert planned["msg"] == f"would finish it first: {planned['plan'][0]['detail']}"
    result = recovers(made, before, lambda options: collect(options, state="recovered"), made.options)
    assert (result["changed"], result["recovered"]["phase"], result["verdict"]) == (True, PHASES[name], "")
    tree = files(made.root)
    again = collect(made.options, state="recovered")
    assert (again["changed"], again["plan"], files(made.root)) == (False, [], tree)


def deadly_command(argv: list[str], moment: str) -> list[str]:
    work = f"subprocess.run({argv!r}, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)"
    kill = "os.kill(os.getppid(), 9)"
    lines = [kill, work] if moment == "before" else [work, kill]
    return [sys.executable, "-c", "\n".join(["import os, subprocess", *lines]), *argv[1:]]


def test_a_collection_that_goes_on_after_the_kill_is_ended(any_registry, collect, tmp_path):
    made = place_of(any_registry())
    before = prepared(made)
    pid = tmp_path / "pid"
    script = f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\nos.kill(os.getppid(), 9)\ntime.sleep(600)"
    config = made.registry.config_path
    run = start(made.with_command("collect", [sys.executable, "-c", script, "garbage-collect", config]))
    assert run.wait(60) == -signal.SIGKILL
    wait_for(pid.exists)
    recovers(made, before, collect, made.options)
    status = Path("/proc", pid.read_text(), "stat")
    assert not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_killed_collection_that_lost_something_is_put_back(place, collect):
    """-m of 2.8 forced through, and killed before anything was proven."""
    made = place()
    if made.dialect == "3":
        pytest.skip("3.x keeps the children of tagged indexes")
    before = prepared(made)
    options = {**made.with_untagged(), "approve": ["override_gate"]}
    options["commands"]["collect"] = deadly_command(options["commands"]["collect"], "after")
    run = start(options)
    assert run.wait(60) == -signal.SIGKILL
    assert needed(made) != before
    result = recovers(made, before, collect, made.options)
    assert result["restored"]["blobs"] > 0


@pytest.mark.parametrize("name", ["quiesce", "resume"])
def test_what_was_broken_before_is_no_loss_of_a_killed_run(name, place, collect):
    """A signature of an image that was deleted is told as dangling, and no collection minds it."""
    made = place()
    before = prepared(made)
    push(made.registry, "signatures", images.fallback_tag(images.build("deleted long ago")) + ".sig", images.image("signature"))
    wrapped = [deadly_command(each, "before") for each in made.options["commands"][name]]
    assert start(made.with_command(name, wrapped)).wait(60) == -signal.SIGKILL
    result = collect(made.options)
    assert not result.get("failed"), result["msg"]
    assert (result["recovered"]["phase"], needed(made)) == (PHASES[name], before)
    proven = collect(made.options, state="proven")
    assert not proven.get("failed"), proven["msg"]


def test_damage_of_another_kind_does_not_lock_the_store(place, collect):
    """Killed while collecting, and then a disk ate a layer: no snapshot heals that, so it is told once, and left to a repair."""
    made = place()
    before = prepared(made)
    argv = made.options["commands"]["collect"]
    assert start(made.with_command("collect", deadly_command(argv, "after"))).wait(60) == -signal.SIGKILL
    layer = images.image("other").blobs[-1].digest
    os.truncate(blob_path(made.root, layer), 1)
    planned = collect(made.options, check=True)
    assert ([step["phase"] for step in planned["plan"]], planned.get("failed", False)) == (["recover"], False)
    assert any("once the interrupted run is finished" in note for note in planned["notes"])
    assert planned["msg"].startswith("would finish it first: run ")
    told = collect(made.options, state="recovered")
    assert (told["failed"], told["code"], told["recovered"]) == (True, "proof-failed", {})
    assert "no loss of the collection: repair it" in told["msg"]
    assert not Path(made.root, OWN, "collection.json").exists()
    assert made.registry.running
    assert collect(made.options)["code"] == "gate-refused"
    Path(blob_path(made.root, layer)).unlink()
    push(made.registry, "other", "v1", images.image("other"))
    assert needed(made) == before
    assert not collect(made.options).get("failed")


@pytest.mark.slow
def test_killed_at_random(any_registry, collect):
    made = place_of(any_registry())
    before = prepared(made)
    chance = random.Random(20261123)
    for round_ in range(8):
        run = start(made.options)
        time.sleep(chance.uniform(0.1, 1.5))  # the moment is what is tested
        run.kill()
        run.wait()
        recovers(made, before, collect, made.options)
        with_garbage(made, f"round-{round_}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_told_to_stop_while_it_collects(number, any_registry, collect, tmp_path):
    made = place_of(any_registry())
    before = prepared(made)
    garbage = files(made.root)
    began = tmp_path / "began"
    script = f"open({str(began)!r}, 'w').close()\nimport time\ntime.sleep(600)"
    run = start(made.with_command("collect", [sys.executable, "-c", script, "garbage-collect", made.registry.config_path]))
    wait_for(began.exists)
    run.send_signal(number)
    assert run.wait(60) == 1
    assert made.registry.running
    assert files(made.root) == garbage
    result = recovers(made, before, collect, made.options)
    assert not result["recovered"]


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_repairs_wait_for_the_next_run(any_registry, collect, capsys):
    made = place_of(any_registry())
    before = prepared(made)
    run = start(made.with_command("collect", deadly_command(made.options["commands"]["collect"], "after")))
    assert run.wait(60) == -signal.SIGKILL
    capsys.readouterr()
    with patch_module_args({"path": made.root, "images": ["other:v1"]}), pytest.raises(SystemExit):
        registry_repair.main()
    refused = json.loads(capsys.readouterr().out)
    assert (refused["failed"], refused["code"]) == (True, "interrupted")
    for state in ("snapshotted", "expired"):
        assert collect(made.options, state=state)["code"] == "interrupted"
    planned = collect(made.options, check=True)
    assert planned["plan"][0]["phase"] == "recover"
    assert phases(recovers(made, before, collect, made.options))[0] == "recover"
    assert collect(made.options, state="snapshotted")["changed"]
