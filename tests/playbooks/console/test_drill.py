# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``drill --all``: one run for each group of scenarios, then a table beside the last time; one that fails stops no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PLAYBOOK = """---
# Rehearse
- name: Rehearse
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Folder
      ansible.builtin.file: {path: "{{ lookup('env', 'RUNBOOK_REPORT') }}", state: directory, mode: "0700"}
    - name: Report
      ansible.builtin.copy:
        content: "{{ {'results': [result]} | to_json }}"
        dest: "{{ lookup('env', 'RUNBOOK_REPORT') }}/report.json"
        mode: "0600"
      vars:
        name: "{{ hostvars[groups[target][0]].drill_scenario }}"
        result:
          clocks: "{{ {name: {'detect': 1.5, 'prove': 4.0}} }}"
          scenarios: ["{{ {'scenario': name, 'passed': target != 'second'} }}"]
    - name: Count
      ansible.builtin.set_stats: {data: {runbook_findings: 1}}
      when: target == 'second'
"""
INVENTORY = """
all:
  hosts: {localhost: {ansible_connection: local, ansible_python_interpreter: "{{ ansible_playbook_python }}"}}
first: {hosts: {a: {drill_scenario: unlinked}}}
second: {hosts: {b: {drill_scenario: orphan-index}}}
machines: {hosts: {vm: {}}}
"""


def test_all_groups_are_run_and_compared(runbook: Any, checkout: Path, tmp_path: Path) -> None:
    (checkout / "playbooks" / "drill.yml").write_text(PLAYBOOK, encoding="utf-8")
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(INVENTORY, encoding="utf-8")
    kept = checkout / ".runbook" / "drills" / "records.jsonl"
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps({"scenario": "unlinked", "passed": True, "clock": {"prove": 5.0}}) + "\n{half", encoding="utf-8")
    process = runbook("drill", "--all", "-i", str(inventory), "--no-preflight", RUNBOOK_NO_INSTALL="1")
    shown, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    rows = [line.split() for line in shown.splitlines() if line.startswith(("unlinked", "orphan-index"))]
    assert rows == [
        ["unlinked", "PASS", "1.5", "-", "-", "4.0", "5.0", "-1.0", "(-20%)"],
        ["orphan-index", "FAIL", "1.5", "-", "-", "4.0", "-", "-"],
    ]
    records = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines() if line.startswith('{"')]
    assert [record["scenario"] for record in records[-2:]] == ["unlinked", "orphan-index"]
