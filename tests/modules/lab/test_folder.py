# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Whatever was started in a lab is stopped with it, and what the prober runs can be ended as anything else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from ansible.module_utils.registry_lab.daemon import Daemon
from ansible.module_utils.registry_lab.errors import LabError
from ansible.module_utils.registry_lab.folder import LabFolder
from ansible.module_utils.registry_lab.monitoring import prober


def test_one_that_does_not_end_keeps_none_of_the_others_running(tmp_path, monkeypatch):
    lab = LabFolder(str(tmp_path / "lab"))
    lab.make()
    daemons = []
    for name in ("a", "b", "c"):
        (tmp_path / "lab" / name).mkdir()
        daemons.append(Daemon(str(tmp_path / "lab" / name / f"{name}.pid")))
        daemons[-1].start(["sleep", "60"], os.devnull, {"PATH": os.environ["PATH"]})
    stubborn, stop = daemons[0].pid, Daemon.stop

    def stop_but_one(daemon):
        if daemon.pid == stubborn:
            raise LabError("the process does not end", where=f"pid {stubborn}")
        stop(daemon)

    with monkeypatch.context() as patched:
        patched.setattr(Daemon, "stop", stop_but_one)
        with pytest.raises(LabError, match=f"pid {stubborn}: the process does not end"):
            lab.stop()
    assert [daemon.pid for daemon in daemons] == [stubborn, None, None] and lab.running
    lab.remove()
    assert daemons[0].pid is None and not lab.exists


def test_a_run_of_the_probe_hears_that_it_is_to_end(tmp_path):
    """Its scheduler blocks the signal while it starts it, which would be inherited."""
    record = tmp_path / "runs.jsonl"
    command = [sys.executable, prober.__file__, "60", str(record), "sh", "-c", "kill -TERM $$; sleep 1"]
    with subprocess.Popen(command) as process:
        try:
            deadline = time.monotonic() + 20
            while not record.exists() or not record.read_text(encoding="utf-8").endswith("\n"):
                assert time.monotonic() < deadline and process.poll() is None
                time.sleep(0.02)
        finally:
            process.terminate()
    assert json.loads(record.read_text(encoding="utf-8"))["code"] == -signal.SIGTERM
    assert process.returncode == 0
