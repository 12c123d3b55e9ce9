# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Check, do, check again, do again; what is kept of the file, and what the result and the difference say."""

from __future__ import annotations

import os
import stat
import subprocess

from modules.compose_image.conftest import SIX

PINNED = SIX.replace("registry:2 ", "registry:2.8.3 ")
DIFFERENCE = ["@@ -3 +3 @@", "-  image: registry:2   # floats", "+  image: registry:2.8.3   # floats"]


def state(folder):
    """Everything that a look at the folder can show."""
    return {path.name: (path.read_bytes(), path.stat()[:9]) for path in folder.iterdir()}, folder.stat()[:9]


def test_check_do_check_do(compose, pin):
    before = state(compose.parent)
    planned = pin(check=True)
    assert planned["changed"] and state(compose.parent) == before
    done = pin()
    assert compose.read_text() == PINNED
    assert {key: done[key] for key in done if key != "invocation"} == {
        key: planned[key] for key in planned if key != "invocation"
    }
    after = state(compose.parent)
    for check in (True, False):
        again = pin(check=check)
        assert not again["changed"] and again["diff"] == {"prepared": ""}
        assert [service["after"] for service in again["services"]] == ["registry:2.8.3"] * 2
    assert state(compose.parent) == after


def test_what_it_returns(compose, pin):
    done = pin()
    assert done["services"] == [
        {"service": name, "before": "registry:2", "after": "registry:2.8.3", "file": str(compose), "line": 3}
        for name in ("registry-dockerhub", "registry-private")
    ]
    assert done["diff"]["prepared"].splitlines()[2:] == DIFFERENCE
    assert "hunter2" not in str(done)


def test_of_a_line_in_flow_style_only_the_image_is_shown(compose, pin):
    compose.write_text('services:\n  a: {image: registry:2, environment: {KEY: "hunter2"}}\n')
    done = pin()
    assert done["diff"]["prepared"].splitlines()[2:] == ["@@ -2 +2 @@", "-… registry:2 …", "+… registry:2.8.3 …"]
    assert "hunter2" not in str(done)


def test_two_lines_that_become_one(compose, pin):
    compose.write_text('services:\n  a:\n    image: "regis\\\n      try:2"\n  b:\n    image: registry:2\n')
    assert pin()["diff"]["prepared"].splitlines()[2:] == [
        "@@ -3,2 +3 @@",
        '-    image: "regis\\',
        '-      try:2"',
        '+    image: "registry:2.8.3"',
        "@@ -6 +5 @@",
        "-    image: registry:2",
        "+    image: registry:2.8.3",
    ]


def test_owner_mode_and_attributes_stay(compose, pin):
    compose.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(compose, 1234, 4321)
    os.setxattr(compose, "user.note", b"kept")
    before = compose.stat()
    pin()
    after = compose.stat()
    assert (after.st_uid, after.st_gid, stat.S_IMODE(after.st_mode)) == (before.st_uid, before.st_gid, 0o640)
    assert os.getxattr(compose, "user.note") == b"kept"
    assert after.st_ino != before.st_ino and after.st_mtime_ns > before.st_mtime_ns


def test_backup(compose, pin):
    compose.chmod(0o600)
    done = pin(backup=True)
    kept = compose.parent / done["backup_file"]
    assert kept.read_text() == SIX and stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert pin(backup=True)["backup_file"] == ""
    assert sorted(path.name for path in compose.parent.iterdir()) == sorted([compose.name, kept.name])


def test_a_build_is_said(compose, pin):
    compose.write_text("services:\n  a:\n    build: .\n    image: registry:2\n")
    assert "a: built as well, so the image is also the name of what a build makes" in str(pin()["warnings"])


def test_compose_agrees(compose, pin, docker_compose):
    command = [*docker_compose, "--project-directory", str(compose.parent), "-f", str(compose), "config"]
    before = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert pin()["validated"] is True
    after = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert after == before.replace("image: registry:2\n", "image: registry:2.8.3\n") != before


def test_what_compose_refuses_is_not_written(compose, pin, docker_compose):
    text = SIX + '  worse: {image: registry:2, ports: "x", environment: {KEY: "hunter2-hunter2"}}\n'
    compose.write_text(text)
    refused = pin()
    assert refused["failed"] and "did not take the file before the change either" in refused["msg"]
    assert "hunter2" not in str(refused) and compose.read_text() == text
    assert pin(validate=False)["changed"]


def test_what_compose_quotes_is_hidden(compose, pin, docker_compose):
    compose.write_text(SIX.replace('"hunter2-hunter2"', '"hunter2${"'))
    assert "hunter2" not in pin()["msg"]


def test_without_docker_nothing_is_asked(compose, pin, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    done = pin()
    assert done["changed"] and done["validated"] is False
