# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A lab registry starts, restarts, is found again, collects, and is stopped, with every registry of this machine."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest
from ansible.module_utils.registry_lab import access, images, place
from ansible.module_utils.registry_lab.errors import LabError
from ansible.module_utils.registry_lab.process import RegistryProcess


def status_of(registry, target="/v2/"):
    with contextlib.closing(registry.connect()) as connection:
        connection.request("GET", target)
        return connection.getresponse().status


def test_it_answers_until_it_is_stopped(registry):
    made = registry()
    assert status_of(made) == 200
    made.stop()
    assert not made.running
    with pytest.raises(ConnectionRefusedError):
        status_of(made)


def test_a_restart_keeps_the_port_and_is_another_process(registry):
    made = registry()
    address, pid = made.address, made.pid
    made.restart()
    assert made.address == address
    assert made.pid not in (None, pid)
    assert status_of(made) == 200


def test_starting_twice_leaves_the_first_process(registry):
    made = registry()
    pid = made.pid
    made.start()
    assert made.pid == pid


def test_another_process_finds_it_and_stops_it(registry):
    made = registry()
    found = RegistryProcess.attach(made.folder)
    assert (found.pid, found.address, found.root, found.settings) == (made.pid, made.address, made.root, made.settings)
    found.stop()
    assert not made.running


def test_it_outlives_the_process_that_started_it(registry_binary, tmp_path):
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from module_utils.registry_lab.process import RegistryProcess as R;"
        "R(sys.argv[2], sys.argv[3]).start()"
    )
    root = Path(__file__).resolve().parents[3]
    subprocess.run([sys.executable, "-I", "-W", "error", "-c", script, str(root), str(tmp_path), registry_binary], check=True)
    found = RegistryProcess.attach(str(tmp_path))
    try:
        assert status_of(found) == 200
    finally:
        found.stop()


def test_a_pid_that_now_belongs_to_another_process_is_left_alone(tmp_path):
    made = RegistryProcess(str(tmp_path))
    (tmp_path / "registry.pid").write_text(f"{os.getpid()} 1\n")
    assert made.pid is None
    made.stop()


def test_tls_is_verified_and_a_password_is_asked_for(registry):
    made = registry(tls=True, htpasswd=("lab", "secret1", 5))
    assert made.scheme == "https"
    assert status_of(made) == 401
    for name in ("htpasswd", "config.yml", "lab.json"):
        assert "secret1" not in (Path(made.folder) / name).read_text()


def test_a_registry_that_cannot_start_says_why(registry, tmp_path):
    made = registry()
    second = RegistryProcess(str(tmp_path / "second"), made.settings.binary, port=made.settings.port)
    with pytest.raises(LabError, match="address already in use"):
        second.start()
    assert not second.running
    assert made.running


def test_a_binary_that_is_none_is_named(tmp_path):
    with pytest.raises(LabError, match="'/nonexistent' is no program"):
        RegistryProcess(str(tmp_path), "/nonexistent")


def test_a_folder_without_a_lab_is_named(tmp_path):
    with pytest.raises(LabError, match=r"lab\.json: no lab registry"):
        RegistryProcess.attach(str(tmp_path))


def test_collection_sweeps_what_no_tag_needs_only_when_asked(registry):
    made = registry()
    single = images.image("single")
    place.place_on_disk(made.root, "app", "", single)
    place.place_on_disk(made.root, "app", "v1", images.image("tagged"))
    made.collect()
    data = Path(place.blob_path(made.root, single.digest))
    assert data.exists()
    assert single.digest in made.collect(delete_untagged=True, dry_run=True)
    assert data.exists()
    made.collect(delete_untagged=True)
    assert not data.exists()


def test_a_collection_that_fails_is_an_error(registry):
    made = registry()
    with pytest.raises(LabError, match="garbage-collect ended with 1"):
        made.collect()
    assert "failed to garbage collect" in made.collect(check=False)


def test_without_openssl_and_htpasswd_python_packages_stand_in(registry, monkeypatch):
    monkeypatch.setattr(access.shutil, "which", lambda name, *_path: None if name in ("openssl", "htpasswd") else which(name))
    made = registry(tls=True, htpasswd=("lab", "secret1", 4))
    assert status_of(made) == 401
