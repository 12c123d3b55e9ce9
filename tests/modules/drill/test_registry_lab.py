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


def test_check_do_check_again_do_again(run_module, lab_folder):
    planned = run_module("registry_lab", check=True, folder=lab_folder)
    assert (planned["changed"], planned["running"], Path(lab_folder).exists()) == (True, False, False)
    made = run_module("registry_lab", folder=lab_folder)
    assert (made["changed"], made["running"], answers(made)) == (True, True, True)
    for check in (True, False):
        again = run_module("registry_lab", check=check, folder=lab_folder)
        assert (again["changed"], again["pid"]) == (False, made["pid"])


def test_stopped_keeps_everything_and_started_brings_it_back(run_module, lab_folder):
    made = run_module("registry_lab", folder=lab_folder)
    assert run_module("registry_lab", folder=lab_folder, state="stopped", check=True)["running"]
    stopped = run_module("registry_lab", folder=lab_folder, state="stopped")
    assert (stopped["changed"], stopped["running"], stopped["address"]) == (True, False, made["address"])
    assert not run_module("registry_lab", folder=lab_folder, state="stopped")["changed"]
    assert answers(run_module("registry_lab", folder=lab_folder))


def test_restarted_is_another_process_at_the_same_address(run_module, lab_folder):
    made = run_module("registry_lab", folder=lab_folder)
    again = run_module("registry_lab", folder=lab_folder, state="restarted")
    assert again["changed"]
    assert (again["address"], again["pid"] != made["pid"]) == (made["address"], True)


def test_the_restart_command_restarts_it(run_module, lab_folder):
    made = run_module("registry_lab", folder=lab_folder)
    for command in made["restart_commands"]:
        subprocess.run(command, check=True)
    again = run_module("registry_lab", folder=lab_folder)
    assert (again["changed"], again["pid"] != made["pid"]) == (False, True)
    assert answers(again)


def test_the_restart_command_starts_what_does_not_run(run_module, lab_folder):
    made = run_module("registry_lab", folder=lab_folder)
    run_module("registry_lab", folder=lab_folder, state="stopped")
    subprocess.run(made["restart_commands"][0], check=True)
    assert answers(made)


def test_the_restart_command_says_why_it_failed(run_module, lab_folder):
    made = run_module("registry_lab", folder=lab_folder)
    Path(made["config"]).write_text("nonsense", encoding="utf-8")
    outcome = subprocess.run(made["restart_commands"][0], capture_output=True, text=True, check=False)
    assert outcome.returncode == 1
    assert "the registry does not start; its log ends:" in outcome.stderr


def test_absent_leaves_no_process_and_no_folder(run_module, lab_folder):
    run_module("registry_lab", folder=lab_folder)
    registry = RegistryProcess.attach(f"{lab_folder}/registry")
    assert run_module("registry_lab", folder=lab_folder, state="absent", check=True)["changed"]
    assert registry.running
    assert run_module("registry_lab", folder=lab_folder, state="absent")["changed"]
    assert not registry.running
    assert not Path(lab_folder).exists()
    assert not run_module("registry_lab", folder=lab_folder, state="absent")["changed"]


def test_a_folder_of_somebody_else_is_refused(run_module, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "file").write_text("precious", encoding="utf-8")
    for state in ("started", "absent"):
        result = run_module("registry_lab", folder=str(mine), state=state)
        assert result["failed"]
        assert "is no lab's folder" in result["msg"]
    assert (mine / "file").read_text(encoding="utf-8") == "precious"


def test_a_link_to_a_lab_is_not_followed(run_module, lab_folder, tmp_path):
    run_module("registry_lab", folder=lab_folder)
    (tmp_path / "link").symlink_to(lab_folder)
    assert run_module("registry_lab", folder=str(tmp_path / "link"), state="absent")["failed"]
    assert Path(lab_folder).exists()
