# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The dashboard arrives whole: as a file for Grafana, and in a ConfigMap."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contract.project import ROOT, ansible_environment, load_yaml
from unit.dashboard.board import BOARD

PLAY = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Write the dashboard
      ansible.builtin.include_role: {name: registry_alerts, tasks_from: dashboard.yml}
"""


def play(folder: Path, *options: str, **variables: str) -> tuple[int, str]:
    """Exit code and output of the tasks with these inputs beside the folders' defaults."""
    (folder / "play.yml").write_text(PLAY, encoding="utf-8")
    inputs = {"dashboard_folder": "", "gitops_folder": "", "namespace": "monitoring", "runbooks": "", **variables}
    given = {"ansible_python_interpreter": sys.executable, **{f"registry_alerts_{name}": value for name, value in inputs.items()}}
    command = ["ansible-playbook", "-i", "localhost,", "-c", "local", str(folder / "play.yml"), "-e", json.dumps(given), *options]
    done = subprocess.run(command, cwd=ROOT, env=ansible_environment(), capture_output=True, text=True, check=False)
    assert "WARNING" not in done.stdout + done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, str]:
    return {"dashboard_folder": str(tmp_path / "grafana"), "gitops_folder": str(tmp_path / "gitops")}


def test_written_whole_and_only_once(folders: dict[str, str], tmp_path: Path) -> None:
    given = {**folders, "runbooks": "https://git.example.com/it/", "namespace": "watch"}
    assert "changed=4" in play(tmp_path, **given)[1]
    assert "changed=0" in play(tmp_path, **given)[1]

    written: dict[str, Any] = json.loads((tmp_path / "grafana" / "registry-health.json").read_text(encoding="utf-8"))
    assert {**written, "links": []} == {**BOARD, "links": []}
    pages = [link["url"].removeprefix("https://git.example.com/it/") for link in written["links"]]
    assert pages == ["docs/metrics.md", "docs/findings.md", "docs/runbooks/alerts.md"]

    manifest = load_yaml(tmp_path / "gitops" / "dashboard-configmap.yaml")
    assert (manifest["kind"], manifest["metadata"]["namespace"]) == ("ConfigMap", "watch")
    assert manifest["metadata"]["labels"] == {"grafana_dashboard": "1"}
    assert json.loads(manifest["data"]["registry-health.json"]) == written


def test_without_documents_it_has_no_links(folders: dict[str, str], tmp_path: Path) -> None:
    assert play(tmp_path, **folders)[0] == 0
    written = json.loads((tmp_path / "grafana" / "registry-health.json").read_text(encoding="utf-8"))
    assert written == {**BOARD, "links": []}


def test_nothing_is_written_in_check_mode_or_where_nothing_is_asked_for(folders: dict[str, str], tmp_path: Path) -> None:
    code, said = play(tmp_path, "--check", **folders)
    assert code == 0, said
    assert "changed=0" in play(tmp_path)[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["play.yml"]


def test_a_relative_folder_is_refused(tmp_path: Path) -> None:
    code, said = play(tmp_path, dashboard_folder="grafana")
    assert code == 2
    assert "registry_alerts_dashboard_folder is grafana. Give an absolute path on the host of Grafana." in said
