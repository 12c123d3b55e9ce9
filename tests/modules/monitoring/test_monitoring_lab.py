# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""registry_monitoring_lab, registry_lab_damage and registry_lab_alert_info: check, do, do again; and what they may be given."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab.monitoring.servers import PARTS

from contract.project import ROOT
from plugins.processes import processes_of

SERVERS = [part for part in PARTS if part != "prober"]
pytestmark = pytest.mark.usefixtures("fit_for_monitoring")


@pytest.fixture
def made(run_module, lab_folder):
    """A lab with a probe; nothing runs."""
    facts = run_module("registry_monitoring_lab", folder=lab_folder, state="present")
    assert run_module("registry_doctor_archive", source=str(ROOT / "module_utils" / "oci_registry"), path=facts["doctor"])[
        "changed"
    ]
    return facts


def test_check_do_and_do_again(run_module, made, lab_folder):
    assert (made["running"], made["changed"], processes_of(lab_folder)) == ([], True, [])
    assert made["images"] == ["team/app:1.0", "team/app:1.1", "team/jobs:1.0", "tools/cli:1.0"]
    assert not run_module("registry_monitoring_lab", folder=lab_folder, state="present")["changed"]
    planned = run_module("registry_monitoring_lab", check=True, folder=lab_folder)
    assert (planned["changed"], planned["running"]) == (True, [])
    started = run_module("registry_monitoring_lab", folder=lab_folder)
    assert (started["changed"], started["running"]) == (True, list(PARTS))
    assert not run_module("registry_monitoring_lab", folder=lab_folder)["changed"]
    fewer = run_module("registry_monitoring_lab", folder=lab_folder, stopped=["prober", "registry"])
    assert (fewer["changed"], fewer["running"]) == (True, ["receiver", "alertmanager", "pushgateway", "prometheus"])
    assert run_module("registry_monitoring_lab", check=True, folder=lab_folder, state="absent")["changed"]
    assert len(processes_of(lab_folder)) == 4
    gone = run_module("registry_monitoring_lab", folder=lab_folder, state="absent")
    assert (gone["changed"], gone["running"], os.path.exists(lab_folder), processes_of(lab_folder)) == (True, [], False, [])
    assert not run_module("registry_monitoring_lab", folder=lab_folder, state="absent")["changed"]


def test_what_was_killed_is_started_again_or_removed(run_module, made, lab_folder):
    run_module("registry_monitoring_lab", folder=lab_folder)
    for pid in processes_of(lab_folder):
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while processes_of(lab_folder):  # a process that is still dying counts as one that runs
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert run_module("registry_monitoring_lab", folder=lab_folder)["running"] == list(PARTS)
    assert run_module("registry_lab", folder=lab_folder, state="absent")["changed"]
    assert (os.path.exists(lab_folder), processes_of(lab_folder)) == (False, [])


def test_no_part_sees_a_proxy(run_module, made, lab_folder, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    run_module("registry_monitoring_lab", folder=lab_folder)
    watching = [
        pid
        for pid in processes_of(lab_folder)
        if f"{lab_folder}/registry/config.yml" not in Path(f"/proc/{pid}/cmdline").read_text()
    ]
    assert len(watching) >= 5
    assert not any(b"PROXY" in Path(f"/proc/{pid}/environ").read_bytes().upper() for pid in watching)


def test_a_new_lab_in_check_mode_is_only_predicted(run_module, lab_folder):
    planned = run_module("registry_monitoring_lab", check=True, folder=lab_folder)
    assert (planned["changed"], planned["running"], os.path.exists(lab_folder)) == (True, [], False)


def test_without_a_probe_nothing_is_started(run_module, lab_folder):
    refused = run_module("registry_monitoring_lab", folder=lab_folder)
    assert refused["code"] == "lab"
    assert "registry-doctor.pyz: is no registry-doctor, so there is no probe" in refused["msg"]
    assert run_module("registry_monitoring_lab", folder=lab_folder, stopped=["prober"])["running"] == SERVERS


def test_without_the_programs_it_names_them(run_module, lab_folder, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    refused = run_module("registry_monitoring_lab", folder=lab_folder)
    assert "not installed: prometheus, pushgateway, alertmanager" in refused["msg"]
    assert "apt-get install prometheus prometheus-pushgateway prometheus-alertmanager" in refused["msg"]
    assert not os.path.exists(lab_folder)


def test_folders_of_others_are_refused(run_module, tmp_path):
    (tmp_path / "mine").mkdir()
    for state in ("present", "started", "absent"):
        refused = run_module("registry_monitoring_lab", folder=str(tmp_path / "mine"), state=state)
        assert "exists, and is no lab's folder" in refused["msg"]
    assert (tmp_path / "mine").is_dir()


def test_a_lab_without_monitoring_is_refused(run_module, lab_folder):
    run_module("registry_lab", folder=lab_folder)
    assert "holds a registry without monitoring" in run_module("registry_monitoring_lab", folder=lab_folder)["msg"]
    assert "holds no monitoring" in run_module("registry_lab_alert_info", folder=lab_folder, name="A", since=0.0)["msg"]


def test_damage_is_predicted_done_and_found(run_module, made, lab_folder):
    run_module("registry_monitoring_lab", folder=lab_folder, stopped=["prober"])
    wanted = [{"kind": "child-hollow", "repository": "team/app", "tag": "1.0"}]
    planned = run_module("registry_lab_damage", check=True, folder=lab_folder, damages=wanted)
    assert (planned["changed"], planned["broken"]) == (True, ["team/app:1.0: child-hollow"])
    assert not run_module("registry_integrity_info", registry=made["address"], scheme="http")["findings"]
    done = run_module("registry_lab_damage", folder=lab_folder, damages=wanted)
    found = run_module("registry_integrity_info", registry=made["address"], scheme="http")
    assert "failed" not in run_module("registry_lab_verdict_info", expected=done["expected"], reports=[found])
    assert [one["code"] for one in found["findings"]] == ["child-missing"]


def test_damage_that_cannot_be_done_is_refused(run_module, made, lab_folder, tmp_path):
    wanted = {"kind": "hurt", "repository": "team/app", "tag": "1.0"}
    assert "no such damage: hurt" in run_module("registry_lab_damage", folder=lab_folder, damages=[wanted])["msg"]
    wanted["kind"] = "layer-gone"
    assert (
        "holds no lab with a registry" in run_module("registry_lab_damage", folder=str(tmp_path / "no"), damages=[wanted])["msg"]
    )


def test_an_alert_that_does_not_come(run_module, made, lab_folder):
    run_module("registry_monitoring_lab", folder=lab_folder)
    refused = run_module("registry_lab_alert_info", folder=lab_folder, name="Never", since=0.0, timeout=0.0)
    assert refused["msg"].endswith("Never firing was not received in 0 s; received: nothing")


def test_a_part_that_does_not_start_says_why(run_module, made, lab_folder):
    Path(made["rules"], "bad.yml").write_text("groups: 5\n", encoding="utf-8")
    refused = run_module("registry_monitoring_lab", folder=lab_folder)
    assert "prometheus does not start. Its log ends:" in refused["msg"]
    assert "bad.yml" in refused["msg"]


def test_what_cannot_be_made_leaves_no_half_a_lab(run_module, lab_folder):
    refused = run_module("registry_monitoring_lab", folder=lab_folder, state="present", binary="/no/such")
    assert "'/no/such' is no program that can be run" in refused["msg"]
    assert not os.path.exists(lab_folder)
    assert run_module("registry_monitoring_lab", folder=lab_folder, state="present")["changed"]


def test_stopped_is_for_all_that_runs(run_module, made, lab_folder):
    run_module("registry_monitoring_lab", folder=lab_folder, stopped=["registry"])
    assert run_module("registry_lab", folder=lab_folder, state="stopped", check=True)["changed"]
    assert run_module("registry_lab", folder=lab_folder, state="stopped")["changed"]
    assert processes_of(lab_folder) == []
    assert not run_module("registry_lab", folder=lab_folder, state="stopped")["changed"]


@pytest.mark.parametrize("line", ["no JSON", "[]", '{"started": 1}'])
def test_runs_that_are_none_are_told(run_module, made, lab_folder, line):
    notified = {
        "status": "firing",
        "labels": {"alertname": "A"},
        "annotations": {},
        "startsAt": "1970-01-01T00:01:40Z",
        "endsAt": "",
    }
    lines = {"notifications": json.dumps({"received_at": 5.0, "notification": {"alerts": [notified]}}), "runs": line}
    for name, text in lines.items():
        Path(made[name]).parent.mkdir()
        Path(made[name]).write_text(text + "\n", encoding="utf-8")
    refused = run_module("registry_lab_alert_info", folder=lab_folder, name="A", since=0.0, timeout=0.0)
    assert refused["code"] == "lab"
    assert "runs.jsonl: holds something else than runs of the probe" in refused["msg"]
