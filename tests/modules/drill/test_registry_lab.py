# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""registry_lab: started, restarted, stopped and absent, each of them once, and never anything that it did not make."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

from ansible.module_utils.oci_registry.client import Client, Settings
from ansible.module_utils.registry_lab.process import RegistryProcess


def answers(lab):
    with contextlib.closing(Client(Settings(lab["address"], scheme=lab["scheme"]))) as client:
        return list(client.repositories()) == []


def test_check_do_check_again_do_again(run, folder):
    planned = run("registry_lab", check=True, folder=folder)
    assert (planned["changed"], planned["running"], Path(folder).exists()) == (True, False, False)
    made = run("registry_lab", folder=folder)
    assert (made["changed"], made["running"], answers(made)) == (True, True, True)
    for check in (True, False):
        again = run("registry_lab", check=check, folder=folder)
        assert (again["changed"], again["pid"]) == (False, made["pid"])


def test_stopped_keeps_everything_and_started_brings_it_back(run, folder):
    made = run("registry_lab", folder=folder)
    assert run("registry_lab", folder=folder, state="stopped", check=True)["running"]
    stopped = run("registry_lab", folder=folder, state="stopped")
    assert (stopped["changed"], stopped["running"], stopped["address"]) == (True, False, made["address"])
    assert not run("registry_lab", folder=folder, state="stopped")["changed"]
    assert answers(run("registry_lab", folder=folder))


def test_restarted_is_another_process_at_the_same_address(run, folder):
    made = run("registry_lab", folder=folder)
    again = run("registry_lab", folder=folder, state="restarted")
    assert again["changed"]
    assert (again["address"], again["pid"] != made["pid"]) == (made["address"], True)


def test_the_restart_command_restarts_it(run, folder):
    made = run("registry_lab", folder=folder)
    for command in made["restart_commands"]:
        subprocess.run(command, check=True)
    again = run("registry_lab", folder=folder)
    assert (again["changed"], again["pid"] != made["pid"]) == (False, True)
    assert answers(again)


def test_the_restart_command_starts_what_does_not_run(run, folder):
    made = run("registry_lab", folder=folder)
    run("registry_lab", folder=folder, state="stopped")
    subprocess.run(made["restart_commands"][0], check=True)
    assert answers(made)


def test_the_restart_command_says_why_it_failed(run, folder):
    made = run("registry_lab", folder=folder)
    Path(made["config"]).write_text("nonsense", encoding="utf-8")
    outcome = subprocess.run(made["restart_commands"][0], capture_output=True, text=True, check=False)
    assert outcome.returncode == 1
    assert "the registry does not start; its log ends:" in outcome.stderr


def test_absent_leaves_no_process_and_no_folder(run, folder):
    run("registry_lab", folder=folder)
    registry = RegistryProcess.attach(f"{folder}/registry")
    assert run("registry_lab", folder=folder, state="absent", check=True)["changed"]
    assert registry.running
    assert run("registry_lab", folder=folder, state="absent")["changed"]
    assert not registry.running
    assert not Path(folder).exists()
    assert not run("registry_lab", folder=folder, state="absent")["changed"]


def test_a_folder_of_somebody_else_is_refused(run, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "file").write_text("precious", encoding="utf-8")
    for state in ("started", "absent"):
        result = run("registry_lab", folder=str(mine), state=state)
        assert result["failed"]
        assert "is no lab's folder" in result["msg"]
    assert (mine / "file").read_text(encoding="utf-8") == "precious"


def test_a_link_to_a_lab_is_not_followed(run, folder, tmp_path):
    run("registry_lab", folder=folder)
    (tmp_path / "link").symlink_to(folder)
    assert run("registry_lab", folder=str(tmp_path / "link"), state="absent")["failed"]
    assert Path(folder).exists()
