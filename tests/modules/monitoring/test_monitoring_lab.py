# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""registry_monitoring_lab, registry_lab_damage and registry_lab_alert_info: check, do, do again; and what they may be given."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab.monitoring.servers import PARTS

from contract.project import ROOT

SERVERS = [part for part in PARTS if part != "prober"]
pytestmark = pytest.mark.usefixtures("fit_for_monitoring")


@pytest.fixture
def made(run, folder):
    """A lab with a probe; nothing runs."""
    facts = run("registry_monitoring_lab", folder=folder, state="present")
    assert run("registry_doctor_archive", source=str(ROOT / "module_utils" / "oci_registry"), path=facts["doctor"])["changed"]
    return facts


def alive(folder: str) -> list[int]:
    """PIDs of processes that write to something in the lab."""
    found = []
    for path in Path("/proc").glob("[0-9]*/fd/2"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            if os.readlink(path).startswith(folder):
                found.append(int(path.parts[2]))
    return found


def test_check_do_and_do_again(run, made, folder):
    assert (made["running"], made["changed"], alive(folder)) == ([], True, [])
    assert made["images"] == ["team/app:1.0", "team/app:1.1", "team/jobs:1.0", "tools/cli:1.0"]
    assert not run("registry_monitoring_lab", folder=folder, state="present")["changed"]
    planned = run("registry_monitoring_lab", check=True, folder=folder)
    assert (planned["changed"], planned["running"]) == (True, [])
    started = run("registry_monitoring_lab", folder=folder)
    assert (started["changed"], started["running"]) == (True, list(PARTS))
    assert not run("registry_monitoring_lab", folder=folder)["changed"]
    fewer = run("registry_monitoring_lab", folder=folder, stopped=["prober", "registry"])
    assert (fewer["changed"], fewer["running"]) == (True, ["receiver", "alertmanager", "pushgateway", "prometheus"])
    assert run("registry_monitoring_lab", check=True, folder=folder, state="absent")["changed"]
    assert len(alive(folder)) == 4
    gone = run("registry_monitoring_lab", folder=folder, state="absent")
    assert (gone["changed"], gone["running"], os.path.exists(folder), alive(folder)) == (True, [], False, [])
    assert not run("registry_monitoring_lab", folder=folder, state="absent")["changed"]


def test_what_was_killed_is_started_again_or_removed(run, made, folder):
    run("registry_monitoring_lab", folder=folder)
    for pid in alive(folder):
        os.kill(pid, signal.SIGKILL)
    assert run("registry_monitoring_lab", folder=folder)["running"] == list(PARTS)
    assert run("registry_lab", folder=folder, state="absent")["changed"]
    assert (os.path.exists(folder), alive(folder)) == (False, [])


def test_no_part_sees_a_proxy(run, made, folder, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    run("registry_monitoring_lab", folder=folder)
    watching = [pid for pid in alive(folder) if f"{folder}/registry/config.yml" not in Path(f"/proc/{pid}/cmdline").read_text()]
    assert len(watching) >= 5
    assert not any(b"PROXY" in Path(f"/proc/{pid}/environ").read_bytes().upper() for pid in watching)


def test_a_new_lab_in_check_mode_is_only_predicted(run, folder):
    planned = run("registry_monitoring_lab", check=True, folder=folder)
    assert (planned["changed"], planned["running"], os.path.exists(folder)) == (True, [], False)


def test_without_a_probe_nothing_is_started(run, folder):
    refused = run("registry_monitoring_lab", folder=folder)
    assert refused["code"] == "lab"
    assert "registry-doctor.pyz: is no registry-doctor, so there is no probe" in refused["msg"]
    assert run("registry_monitoring_lab", folder=folder, stopped=["prober"])["running"] == SERVERS


def test_without_the_programs_it_names_them(run, folder, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    refused = run("registry_monitoring_lab", folder=folder)
    assert "not installed: prometheus, pushgateway, alertmanager" in refused["msg"]
    assert "apt-get install prometheus prometheus-pushgateway prometheus-alertmanager" in refused["msg"]
    assert not os.path.exists(folder)


def test_folders_of_others_are_refused(run, tmp_path):
    (tmp_path / "mine").mkdir()
    for state in ("present", "started", "absent"):
        refused = run("registry_monitoring_lab", folder=str(tmp_path / "mine"), state=state)
        assert "exists, and is no lab's folder" in refused["msg"]
    assert (tmp_path / "mine").is_dir()


def test_a_lab_without_monitoring_is_refused(run, folder):
    run("registry_lab", folder=folder)
    assert "holds a registry without monitoring" in run("registry_monitoring_lab", folder=folder)["msg"]
    assert "holds no monitoring" in run("registry_lab_alert_info", folder=folder, name="A", since=0.0)["msg"]


def test_damage_is_predicted_done_and_found(run, made, folder):
    run("registry_monitoring_lab", folder=folder, stopped=["prober"])
    wanted = [{"kind": "child-hollow", "repository": "team/app", "tag": "1.0"}]
    planned = run("registry_lab_damage", check=True, folder=folder, damages=wanted)
    assert (planned["changed"], planned["broken"]) == (True, ["team/app:1.0: child-hollow"])
    assert not run("registry_integrity_info", registry=made["address"], scheme="http")["findings"]
    done = run("registry_lab_damage", folder=folder, damages=wanted)
    found = run("registry_integrity_info", registry=made["address"], scheme="http")
    assert "failed" not in run("registry_lab_verdict_info", expected=done["expected"], reports=[found])
    assert [one["code"] for one in found["findings"]] == ["child-missing"]


def test_damage_that_cannot_be_done_is_refused(run, made, folder, tmp_path):
    wanted = {"kind": "hurt", "repository": "team/app", "tag": "1.0"}
    assert "no such damage: hurt" in run("registry_lab_damage", folder=folder, damages=[wanted])["msg"]
    wanted["kind"] = "layer-gone"
    assert "holds no lab with a registry" in run("registry_lab_damage", folder=str(tmp_path / "no"), damages=[wanted])["msg"]


def test_an_alert_that_does_not_come(run, made, folder):
    run("registry_monitoring_lab", folder=folder)
    refused = run("registry_lab_alert_info", folder=folder, name="Never", since=0.0, timeout=0.0)
    assert refused["msg"].endswith("Never firing was not received in 0 s; received: nothing")


def test_a_part_that_does_not_start_says_why(run, made, folder):
    Path(made["rules"], "bad.yml").write_text("groups: 5\n", encoding="utf-8")
    refused = run("registry_monitoring_lab", folder=folder)
    assert "prometheus does not start. Its log ends:" in refused["msg"]
    assert "bad.yml" in refused["msg"]
