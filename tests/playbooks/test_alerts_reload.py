# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The role registry_alerts and a real Prometheus: a reload that failed is made up for by the next run, and nothing says it went well before."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alerts.conftest import need
from contract.project import ROOT, ansible_environment

PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.include_role: {name: registry_alerts}
    - ansible.builtin.debug: {var: registry_alerts_result.text}
"""
_SECONDS = 30.0


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[str]:
    """The address of one that reads the rules of ``tmp_path / "rules"``."""
    program = need("prometheus", "prometheus")
    (tmp_path / "rules").mkdir()
    (tmp_path / "prometheus.yml").write_text(json.dumps({"rule_files": [f"{tmp_path}/rules/*.yml"]}), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    options = [f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data", "--web.enable-lifecycle"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([program, f"--web.listen-address={address}", *options], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + _SECONDS
        while not _is_ready(address):
            assert process.poll() is None and time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.05)
        yield address
    finally:
        process.kill()
        process.wait()


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/-/ready", timeout=_SECONDS) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def stale(address: str) -> str:
    """The expression of one alert, as Prometheus has it; empty for none."""
    with urllib.request.urlopen(f"http://{address}/api/v1/rules?type=alert", timeout=_SECONDS) as answer:
        groups = json.load(answer)["data"]["groups"]
    found = [rule["query"] for group in groups for rule in group["rules"] if rule["name"] == "RegistryIntegrityProbeStale"]
    return str(found[0]) if found else ""


def run(place: Path, **inputs: Any) -> tuple[int, int, str]:
    """(exit code, how many tasks changed something, what was printed in one line)."""
    (place / "play.yml").write_text(PLAY, encoding="utf-8")
    given = {f"registry_alerts_{name}": value for name, value in inputs.items()}
    command = ["ansible-playbook", "-e", json.dumps(given), str(place / "play.yml")]
    ran = subprocess.run(command, cwd=ROOT, env=ansible_environment(), capture_output=True, text=True, check=False)
    changed = re.search(r"changed=(\d+)", ran.stdout)
    return ran.returncode, int(changed[1]) if changed else -1, " ".join((ran.stdout + ran.stderr).split())


def test_a_reload_that_failed_is_made_up_for(prometheus: str, tmp_path: Path) -> None:
    given = {"folder": str(tmp_path / "rules"), "reload_url": f"http://{prometheus}/-/reload"}
    code, changed, said = run(tmp_path, **given)
    assert (code, changed > 0, "it has them" in said) == (0, True, True), said
    assert stale(prometheus).endswith("> 3600")
    assert run(tmp_path, **given)[:2] == (0, 0), "what it has is not read again"

    other = tmp_path / "rules" / "other.yml"
    other.write_text("groups: nonsense\n", encoding="utf-8")
    code, _changed, said = run(tmp_path, **given, thresholds={"stale_seconds": 7})
    assert code == 2 and "it has them" not in said, said
    assert stale(prometheus).endswith("> 3600")
    other.unlink()
    code, changed, said = run(tmp_path, **given, thresholds={"stale_seconds": 7})
    assert (code, changed) == (0, 1), said
    assert stale(prometheus).endswith("> 7"), "the file had not changed, and was read all the same"


def test_a_folder_that_is_not_read_is_said(prometheus: str, tmp_path: Path) -> None:
    code, _changed, said = run(tmp_path, folder=str(tmp_path / "elsewhere"), reload_url=f"http://{prometheus}/-/reload")
    assert code == 2
    assert f"was reloaded, and does not have the rules of {tmp_path}/elsewhere/registry-alerts.rules.yml" in said


def test_without_a_way_to_reload_that_is_said(tmp_path: Path) -> None:
    code, _changed, said = run(tmp_path, folder=str(tmp_path / "rules"))
    assert code == 0
    assert "not reloaded, since neither alerts_reload_url nor alerts_reload_command is set" in said
