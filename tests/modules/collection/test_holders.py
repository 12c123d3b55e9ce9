# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Several recoveries hold one store: none lets collection go while another works, and none that is dead holds it for good."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import place_on_disk

from plugins.modules import RunModule

from .conftest import OWN

Hold = Callable[..., dict[str, Any]]
HERE = os.uname().nodename


@pytest.fixture
def root(tmp_path: Path) -> str:
    """A store."""
    place_on_disk(str(tmp_path / "store"), "team/app", "v1", images.image("app"))
    return str(tmp_path / "store")


@pytest.fixture
def hold(root: str, run_module: RunModule) -> Hold:
    """``hold(run, **options)``."""
    return lambda run, check=False, **options: run_module("registry_hold", check, path=root, run=run, **options)


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that goes on until it is killed."""
    with subprocess.Popen(["sleep", "600"]) as started:
        yield started
        started.kill()


def is_held(root: str) -> bool:
    return Path(root, OWN, "hold.json").exists()


def runs(result: dict[str, Any]) -> list[str]:
    return [other["run"] for other in result["others"]]


def test_it_is_free_once_the_last_one_released_it(root: str, hold: Hold) -> None:
    first = hold("a", who="admin", jobs=["/etc/cron.d/registry:3"])
    second = hold("b", who="ci", jobs=["/etc/cron.d/registry:4"])
    assert (first["found"], runs(first), second["found"], runs(second)) == (False, [], True, ["a"])
    assert second["hold"]["who"] == "admin"
    assert len(second["hold"]["jobs"]) == 2
    assert not hold("b", who="ci")["changed"]
    released = hold("a", state="released")
    assert (released["changed"], runs(released), is_held(root)) == (True, ["b"], True)
    assert hold("b", check=True)["hold"]["who"] == "ci"
    assert not hold("a", state="released")["changed"]
    predicted = hold("b", check=True, state="released")
    assert (predicted["changed"], is_held(root)) == (True, True)
    last = hold("b", state="released")
    assert (last["changed"], runs(last), is_held(root)) == (True, [], False)
    assert not hold("b", state="released")["changed"]


@pytest.mark.parametrize("when", ["before it begins", "while it works"])
def test_the_next_run_ends_the_hold_of_one_that_was_killed(root: str, hold: Hold, process: Any, when: str) -> None:
    hold("a", run_host=HERE, run_pid=process.pid)
    if when == "while it works":
        assert runs(hold("b")) == ["a"]
    process.kill()
    process.wait()
    if when == "before it begins":
        assert runs(hold("b")) == []
    hold("b", state="released")
    assert not is_held(root)


def test_one_that_lives_is_never_stale(root: str, hold: Hold, process: Any) -> None:
    hold("a", run_host=HERE, run_pid=process.pid)
    assert runs(hold("b", stale_hours=0)) == ["a"]
    assert runs(hold("b", state="released", stale_hours=0)) == ["a"]
    assert is_held(root)


def test_another_process_with_its_number_is_not_taken_for_it(root: str, hold: Hold, process: Any) -> None:
    hold("a", run_host=HERE, run_pid=process.pid)
    path = Path(root, OWN, "hold.json")
    record = json.loads(path.read_text())
    record["holders"][0]["started"] = "1"
    path.write_text(json.dumps(record))
    assert runs(hold("b")) == []


@pytest.mark.parametrize("end", [{"dead": ["a"]}, {"stale_hours": 0}])
def test_one_of_another_host_ends_when_that_is_said_or_it_is_too_old(root: str, hold: Hold, end: dict[str, Any]) -> None:
    hold("a", run_host="elsewhere.example.com", run_pid=os.getpid())
    (other,) = hold("b")["others"]
    assert (other["host"], other["pid"]) == ("elsewhere.example.com", os.getpid())
    assert runs(hold("b", check=True, state="released")) == ["a"]
    assert runs(hold("b", state="released", **end)) == []
    assert not is_held(root)


def test_one_that_left_is_ended_by_the_next(root: str, hold: Hold) -> None:
    hold("a", jobs=["/etc/cron.d/registry:3"])
    assert hold("a", state="left")["changed"]
    assert is_held(root)
    assert not hold("a", state="left")["changed"]
    taken = hold("b")
    assert (taken["found"], runs(taken), taken["hold"]["jobs"]) == (True, [], ["/etc/cron.d/registry:3"])
    hold("b", state="released")
    assert not is_held(root)


def test_without_a_name_all_is_released(root: str, hold: Hold, process: Any) -> None:
    hold("a", run_host=HERE, run_pid=process.pid)
    hold("")
    assert hold("", state="released")["changed"]
    assert not is_held(root)


@pytest.mark.parametrize("text", ['{"since": ', "[]", '{"holders": [7], "jobs": []}'])
def test_what_cannot_be_read_is_ended_by_the_next(root: str, hold: Hold, text: str) -> None:
    hold("a")
    Path(root, OWN, "hold.json").write_text(text)
    assert hold("b", check=True, state="released")["hold"]["who"] == "unknown"
    hold("b")
    hold("b", state="released")
    assert not is_held(root)


def test_a_hold_of_before_there_were_several_is_one(root: str, hold: Hold) -> None:
    hold("a")
    since = json.loads(Path(root, OWN, "hold.json").read_text())["holders"][0]["since"]
    old = {"since": since, "who": "recover", "why": "broken images", "jobs": ["/etc/cron.d/registry:3"]}
    Path(root, OWN, "hold.json").write_text(json.dumps(old))
    found = hold("b")
    assert (found["hold"]["who"], found["hold"]["jobs"], runs(found)) == ("recover", old["jobs"], [""])
    hold("b", state="released", dead=[""])
    assert not is_held(root)


def test_bad_input(hold: Hold) -> None:
    assert hold("a", stale_hours=-1)["code"] == "bad-input"
