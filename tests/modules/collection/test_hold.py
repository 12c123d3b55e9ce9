# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""While a store is held, nothing deletes from it, whatever the clock says; afterwards all goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.oci_registry.doctor import main as doctor

from plugins.modules import RunModule

from .conftest import OWN, Place, Result, broken, files, phases, with_garbage

Collect = Callable[..., Result]


def test_what_deletes_refuses_until_it_is_released(place: Callable[..., Place], collect: Collect, run_module: RunModule) -> None:
    here = place()
    with_garbage(here)
    before = files(here.root)
    held = run_module("registry_hold", path=here.root, who="recover of ci", why="infra-ci:latest is broken")
    assert held["changed"] and not held["found"]
    again = run_module("registry_hold", path=here.root, who="somebody else")
    assert (again["changed"], again["found"], again["hold"]) == (False, True, held["hold"])
    for check in (False, True):
        for state in ("collected", "expired"):
            refused = collect(here.options, check, state=state)
            assert refused["code"] == "held", refused
            assert "recover of ci: infra-ci:latest is broken" in refused["msg"]
        retained = run_module(
            "registry_retention", check, path=here.root, registry=here.registry.address, scheme="http", keep_newest=1
        )
        assert retained["code"] == "held", retained
    assert files(here.root) == before
    assert run_module("registry_hold", path=here.root, state="released")["changed"]
    assert not run_module("registry_hold", path=here.root, state="released")["changed"]
    assert "collect" in phases(collect(here.options, state="collected"))
    assert broken(here.registry) == []


def test_check_mode_holds_nothing(place: Callable[..., Place], run_module: RunModule) -> None:
    here = place()
    with_garbage(here)
    assert run_module("registry_hold", True, path=here.root)["changed"]
    assert not Path(here.root, OWN, "hold.json").exists()


def test_jobs_are_remembered_with_those_of_a_killed_run(place: Callable[..., Place], run_module: RunModule) -> None:
    here = place()
    with_garbage(here)
    run_module("registry_hold", path=here.root, jobs=["/etc/cron.d/registry:3"])
    more = run_module("registry_hold", path=here.root, jobs=["/etc/cron.d/registry:4"])
    assert more["changed"] and more["hold"]["jobs"] == ["/etc/cron.d/registry:3", "/etc/cron.d/registry:4"]
    assert run_module("registry_hold", path=here.root, state="released")["hold"]["jobs"] == more["hold"]["jobs"]


def test_a_hold_that_cannot_be_read_holds(place: Callable[..., Place], collect: Collect, run_module: RunModule) -> None:
    here = place()
    with_garbage(here)
    run_module("registry_hold", path=here.root)
    Path(here.root, OWN, "hold.json").write_text('{"since": ')
    assert collect(here.options, state="collected")["code"] == "held"
    assert run_module("registry_hold", path=here.root, state="released")["changed"]


def test_the_scheduled_run_says_so(
    place: Callable[..., Place], run_module: RunModule, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = place()
    with_garbage(here)
    run_module("registry_hold", path=here.root)
    config = tmp_path / "registry.json"
    collecting: dict[str, Any] = {key: value for key, value in here.options.items() if key != "state"}
    config.write_text(json.dumps({"name": "here", "collect": collecting}))
    capsys.readouterr()
    assert doctor(["collect", "--config", str(config)]) == 2
    assert "is held since" in capsys.readouterr().out
