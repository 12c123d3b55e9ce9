# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""image_build killed at each step, by SIGTERM and by SIGKILL: the next run cleans up and goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.commands import start_time

from contract.project import ROOT
from modules.image_build.test_builds import held, left_behind

pytestmark = pytest.mark.xdist_group("builders")
SECONDS = 30.0
_RUN = """
import json, sys, ansible.module_utils
ansible.module_utils.__path__.append(sys.argv[1])
from ansible.module_utils.image_build.job import ImageBuild
from ansible.module_utils.image_build.wanted import BUILD_OPTIONS
from ansible.module_utils.oci_registry.errors import RegistryError
given = json.load(sys.stdin)
job = ImageBuild({**{name: option.get("default") for name, option in BUILD_OPTIONS.items()}, **given})
try:
    job.run(check_mode=False)
    print(json.dumps({"code": "", **job.result()}))
except RegistryError as error:
    print(json.dumps({"code": error.code, "msg": job.told(error), **job.result()}))
"""
CASES = [
    ("docker", "git", "fetch"),
    ("docker", "docker", "login"),
    ("docker", "docker", "build"),
    ("docker", "docker", "push"),
    ("docker", "docker", "logout"),
    ("buildah", "buildah", "bud"),
    ("buildah", "buildah", "push"),
]


def start(options: dict) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _RUN, str(ROOT / "module_utils")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write(json.dumps(options))
    process.stdin.close()
    process.stdin = None
    return process


def held_program(folder: Path, process: subprocess.Popen[str]) -> int:
    """PID of the program that waits, once it does."""
    deadline = time.monotonic() + SECONDS
    while not ((folder / "held").exists() and (folder / "held").read_text()):
        assert process.poll() is None and time.monotonic() < deadline, process.stdout and process.stdout.read()
        time.sleep(0.02)
    return int((folder / "held").read_text())


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize(("a_builder", "program", "word"), CASES, indirect=["a_builder"])
def test_killed_and_run_again(a_builder, program, word, how, site, programs, image_build, tmp_path, own_place, request):
    before = (own_place / ".docker" / "config.json").read_text()
    options = site.options(builder=a_builder)
    programs.rule(program, word, "hold")
    process = start(options)
    waiting = held_program(programs.folder, process)
    request.addfinalizer(lambda: start_time(waiting) and os.kill(waiting, signal.SIGKILL))
    os.kill(process.pid, how)
    told = process.communicate(timeout=SECONDS)[0] if word != "logout" or how == signal.SIGKILL else stop_again(process, waiting)
    if how == signal.SIGTERM:
        assert json.loads(told)["code"] == "interrupted", told
        assert not start_time(waiting)
        assert left_behind(tmp_path) == []
    programs.clear()

    again = image_build(**options)
    assert not again.get("failed"), again
    assert held(site).whole
    assert again["changed"] == (word != "logout"), "what was pushed is not built again"
    assert not start_time(waiting), "what a killed run left running is ended"
    assert left_behind(tmp_path) == []
    assert (own_place / ".docker" / "config.json").read_text() == before
    if how == signal.SIGKILL:
        assert "cleaned up after 1 runs" in str(again["notes"])


@pytest.mark.parametrize("a_builder", ["buildah"], indirect=True)
def test_cleaned_up_after_without_building(a_builder, site, programs, image_build, tmp_path, request):
    assert [image_build(check=check, state="cleaned")["changed"] for check in (True, False)] == [False, False]
    assert list((tmp_path / "tmp").iterdir()) == [], "it makes nothing either"
    programs.rule("buildah", "push", "hold")
    process = start(site.options())
    waiting = held_program(programs.folder, process)
    request.addfinalizer(lambda: start_time(waiting) and os.kill(waiting, signal.SIGKILL))
    assert image_build(state="cleaned")["changed"] is False
    assert process.poll() is None and start_time(waiting), "a run that is under way is left alone"

    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=SECONDS)
    planned = image_build(check=True, state="cleaned")
    assert (planned["changed"], planned["cleaned"], bool(start_time(waiting))) == (True, 1, True), planned
    assert left_behind(tmp_path)
    done = image_build(state="cleaned")
    assert (done.get("code"), done["changed"], done["cleaned"], start_time(waiting)) == (None, True, 1, ""), done
    assert left_behind(tmp_path) == []
    assert [image_build(check=check, state="cleaned")["changed"] for check in (True, False)] == [False, False]


def stop_again(process: subprocess.Popen[str], waiting: int) -> str:
    """Cleaning up is not interrupted: it ends when its program does."""
    assert process.poll() is None
    os.kill(waiting, signal.SIGKILL)
    return process.communicate(timeout=SECONDS)[0]
