# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Runs that are killed at any moment, that run out of space, or that meet another run."""

from __future__ import annotations

import fcntl
import http.server
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from ansible.module_utils.oci_registry.repair import Repair

from .conftest import OWN, contents, scanned, spools, tree_of

REPOSITORY_ROOT = Path(__file__).resolve().parents[3]
DAMAGED = ("layer-emptied", "child-halved", "config-gone", "child-link-empty")

#: runs a repair in a process of its own
SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
from module_utils.oci_registry.errors import RegistryError
from module_utils.oci_registry.repair import Repair
job = Repair(json.loads(sys.argv[2]))
try:
    job.run(check_mode=False)
except RegistryError as error:
    print(json.dumps({"code": error.code, "msg": str(error)}))
else:
    print(json.dumps(job.result()))
"""
DEFAULTS = dict.fromkeys(("images", "registry", "username", "password", "ca_path", "undo", "in_use", "approved_plan"))
DEFAULTS.update(rebuilds=[], repoint={}, delete=[], approved_digests=[], allow_lost_platforms=False)
DEFAULTS.update(approve=[], lock_timeout=30.0, dialect="2", scheme="http", validate_certs=True, concurrency=2, timeout=60.0)


def complete(options: dict[str, object]) -> dict[str, object]:
    """The options of a module as Ansible fills them up."""
    sources = [{**DEFAULTS, **source} for source in options.get("sources", [])]
    return {**DEFAULTS, **options, "sources": sources}


def start(**options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT, str(REPOSITORY_ROOT), json.dumps(complete(options))]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> dict:
    output, _nothing = process.communicate(timeout=60)
    return json.loads(output) if process.returncode == 0 else {"killed": -process.returncode}


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def killed_at(number: int, options: dict[str, object]) -> bool:
    """Repair in a child process that kills itself before call ``number`` to the operating system that changes something."""
    child = os.fork()
    if child == 0:
        calls = itertools.count(1)
        for name in ("fsync", "link", "rename", "unlink", "mkdir", "write"):
            setattr(os, name, deadly(getattr(os, name), calls, number))
        try:
            Repair(complete(options)).run(check_mode=False)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def deadly(function: Callable[..., object], calls: Iterator[int], number: int) -> Callable[..., object]:
    def call(*arguments: object, **named: object) -> object:
        if next(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    return call


def test_killed_before_every_single_change(broken, repair, tmp_path):
    """After each kill every file is either as it was or right, and the next run completes the repair."""
    case = broken(*DAMAGED)
    damaged, right = contents(case.root), contents(case.snapshot)
    shutil.copytree(case.root, tmp_path / "damaged")
    options = {**case.on_disk, **case.from_snapshot}
    kills = 0
    while killed_at(kills + 1, options):
        kills += 1
        for path, content in contents(case.root).items():
            assert content in (damaged.get(path), right[path]), f"{path} after kill {kills}"
        result = repair(**options)
        assert not result.get("failed"), result
        assert contents(case.root) == right
        assert spools(case.root) == []
        shutil.rmtree(case.root)
        shutil.copytree(tmp_path / "damaged", case.root)
    assert contents(case.root) == right
    assert kills > 50, "the run was not killed often enough to mean anything"


class StallingRegistry(http.server.BaseHTTPRequestHandler):
    """Has every blob of ``held``; sends the last byte when asked for it, and of a whole blob only the first half."""

    protocol_version = "HTTP/1.1"
    held: ClassVar[dict[str, bytes]] = {}
    release = threading.Event()

    def do_GET(self) -> None:
        content = self.held.get(self.path.rpartition("/")[2], b"")
        if self.headers.get("Range"):
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {len(content) - 1}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", "1")
            self.end_headers()
            self.wfile.write(content[-1:])
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self.wfile.flush()
        self.release.wait(60)
        self.close_connection = True

    def log_message(self, *_arguments: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def stalling(broken) -> Iterator[tuple]:
    case = broken("layer-gone")
    StallingRegistry.held = case.image.contents()
    StallingRegistry.release.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), StallingRegistry)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield case, {"type": "registry", "registry": f"127.0.0.1:{server.server_address[1]}", "scheme": "http"}
    StallingRegistry.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_killed_in_the_middle_of_a_transfer(stalling, repair):
    case, source = stalling
    before = contents(case.root)
    process = start(**case.on_disk, sources=[source])
    wait_for(lambda: bool(spools(case.root)))
    process.kill()
    assert finish(process) == {"killed": signal.SIGKILL}
    assert contents(case.root) == before
    assert len(spools(case.root)) == 1
    result = repair(**case.on_disk, **case.from_snapshot)
    assert len(result["recovered"]) == 1
    assert spools(case.root) == []
    assert scanned(case.root) == []
    assert repair(**case.on_disk)["recovered"] == []


def test_a_second_run_is_told_who_holds_the_lock(stalling, repair):
    case, source = stalling
    process = start(**case.on_disk, sources=[source])
    wait_for(lambda: bool(spools(case.root)))
    before = tree_of(case.root)
    result = repair(**case.on_disk, **case.from_snapshot, lock_timeout=0.3)
    assert (result["failed"], result["code"]) == (True, "locked")
    assert re.search(rf"pid {process.pid}, since 20[0-9T:-]+Z, run 20[0-9TZ]+-[0-9a-f]+\)", result["msg"])
    assert tree_of(case.root) == before
    process.kill()
    finish(process)


def test_two_runs_at_once(broken):
    case = broken(*DAMAGED)
    both = [start(**case.on_disk, **case.from_snapshot) for _number in range(2)]
    assert sorted(finish(process)["changed"] for process in both) == [False, True]
    assert scanned(case.root) == []


def test_the_second_run_waits_for_the_first(broken, repair):
    case = broken("layer-gone")
    Path(case.root, OWN).mkdir(mode=0o700)
    with open(Path(case.root, OWN, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = start(**case.on_disk, **case.from_snapshot)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
    assert finish(process)["changed"]
