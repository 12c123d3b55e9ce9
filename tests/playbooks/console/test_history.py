# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a run leaves: its phases, its plan, its history; and how it is shown, reported and resumed, after a kill too."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from playbooks.console.test_play import is_running, until

ROLE = {
    "main.yml": """---
- name: Preflight
  ansible.builtin.import_tasks: preflight.yml
- name: Repair
  ansible.builtin.import_tasks: repair.yml
- name: Prove
  ansible.builtin.import_tasks: prove.yml
""",
    "preflight.yml": """---
- name: Check
  ansible.builtin.assert: {that: true, quiet: true}
""",
    "repair.yml": """---
- name: Repair it
  steps: {path: "{{ fix_path }}"}
- name: Wait
  ansible.builtin.command: sh -c 'echo $$ > {{ fix_wait }}; exec sleep 60'
  changed_when: true
  when: fix_wait is defined
""",
    "prove.yml": """---
- name: Say what remains
  ansible.builtin.set_stats: {data: {runbook_remaining: 2}}
  when: fix_remains | default(false) | bool
- name: Prove it
  ansible.builtin.stat: {path: "{{ fix_path }}"}
""",
}
PLAYBOOK = """---
# Repair a file
# Changes: one file
- name: Fix
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Repair the file
      ansible.builtin.include_role: {name: fixing}
- name: Report
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Report
      ansible.builtin.copy: {content: "{}", dest: "{{ lookup('env', 'RUNBOOK_REPORT') }}/report.json", mode: "0600"}
      when: fix_reports | default(false) | bool
"""
MODULE = """#!/usr/bin/python
import os
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule({"path": {"type": "path"}})
there = os.path.exists(module.params["path"])
open(module.params["path"], "a").close()
state = "skipped" if there else "done"
step = {"action": "relink", "role": "manifest", "digest": "sha256:" + "b" * 64, "repository": "team/app", "tags": ["1.0"]}
module.exit_json(changed=not there, plan=[{**step, "state": state, "detail": "there already" if there else ""}])
"""


@pytest.fixture
def fix(checkout: Path, tmp_path: Path) -> list[str]:
    """A playbook ``fix`` with a role and a module of its own; the arguments that run it."""
    for name, text in ROLE.items():
        path = checkout / "roles" / "fixing" / "tasks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (checkout / "library").mkdir()
    (checkout / "library" / "steps.py").write_text(MODULE, encoding="utf-8")
    (checkout / "playbooks" / "fix.yml").write_text(PLAYBOOK, encoding="utf-8")
    return ["run", "fix", "-e", f"fix_path={tmp_path}/fixed"]


def finish(process: Any) -> tuple[int, str, str]:
    shown, errors = process.communicate(timeout=120)
    assert "Traceback" not in shown + errors
    return process.returncode, shown, errors


def journal_of(checkout: Path, number: int = -1) -> list[dict[str, Any]]:
    path = sorted((checkout / ".runbook" / "journal").iterdir())[number]
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_phases_plan_and_what_remains(runbook: Any, checkout: Path, fix: list[str]) -> None:
    code, shown, errors = finish(runbook(*fix, "-e", "fix_remains=true", "-v"))
    assert code == 3
    assert "2 things remain that need an approval or a decision" in errors
    lines = [
        line.split("  ")[1].split()[0] + " " + line.split()[1]
        for line in shown.splitlines()
        if line.startswith("  ") and line[2] != " "
    ]
    assert lines == ["changed Repair", "ok Prove"]  # what did nothing is not told
    assert "    changed     Repair it" in shown  # -v: the tasks that changed something
    events = journal_of(checkout)
    (ended,) = (event for event in events if event["event"] == "task-ended" and event["task"] == "Repair it")
    assert (ended["phase"], ended["host"], ended["result"]) == ("Repair", "localhost", "changed")
    assert ended["plan"]["count"] == 1 and ended["digests"]["first"] == ["sha256:" + "b" * 64]
    assert [event["phase"] for event in events if event["event"] == "phase-ended"] == ["Repair", "Prove"]
    assert events[0]["who"].count("@") == 1
    assert (events[-1]["exit_code"], events[-1]["remaining"]) == (3, 2)


def test_a_killed_run_is_shown_and_resumed(runbook: Any, checkout: Path, fix: list[str], tmp_path: Path) -> None:
    waits = tmp_path / "pid"
    process = runbook(*fix, "-e", f"fix_wait={waits} registry_password=hunter2")
    until(lambda: waits.exists() and waits.read_text(encoding="utf-8").endswith("\n"))
    assert "is running" in finish(runbook("history"))[1]
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    until(lambda: not is_running(int(waits.read_text(encoding="utf-8"))))

    assert "killed, did not end" in finish(runbook("history"))[1]
    shown = finish(runbook("show", "last"))[1]
    assert "killed in Repair: Wait" in shown
    assert "relink manifest sha256:" in shown and "team/app:1.0" in shown
    name = shown.partition(":")[0]
    assert f"./runbook resume {name} -e registry_password=..." in shown

    code, _shown, errors = finish(runbook("resume", "last"))
    assert code == 2
    assert "had arguments that are not recorded: -e registry_password" in errors

    code, shown, _errors = finish(runbook("run", "--resume", name, "-e", "registry_password=hunter2", "--check"))
    assert code == 0  # in check mode it does not wait
    assert f"{name} killed, did not end; it goes on as fix -e" in shown
    assert journal_of(checkout)[0]["resumes"] == name
    left = [path.read_text(encoding="utf-8") for path in (checkout / ".runbook").rglob("*") if path.is_file()]
    assert not any("hunter2" in text for text in left)


def test_what_was_done_is_not_done_again(runbook: Any, checkout: Path, fix: list[str]) -> None:
    assert finish(runbook(*fix, "-e", "fix_remains=true"))[0] == 3
    code, shown, _errors = finish(runbook("resume", "last"))
    assert code == 3
    assert "Not done again:" in shown
    assert "Repair it  [localhost]: done by " in shown and "found as it should be" in shown
    assert "team/app:1.0: there already  [localhost]" in shown
    assert journal_of(checkout)[0]["resumes"]


def test_what_ended_well_is_not_resumed(runbook: Any, fix: list[str]) -> None:
    assert finish(runbook(*fix))[0] == 0
    again = finish(runbook("show", "last"))[1].rpartition("Again:")[2].strip()
    assert again.startswith('./runbook run fix -e \'{"fix_path": ')
    code, _shown, errors = finish(runbook("resume", "last"))
    assert code == 2
    assert f"ended well, and there is nothing to go on with. To do the same anew: {again}" in errors


def test_a_killed_run_has_a_record_to_write_a_post_mortem_on(
    runbook: Any, checkout: Path, fix: list[str], tmp_path: Path
) -> None:
    waits = tmp_path / "pid"
    process = runbook(*fix, "-e", f"fix_wait={waits}")
    until(lambda: waits.exists() and waits.read_text(encoding="utf-8").endswith("\n"))
    assert "left no report: it is running" in finish(runbook("report", "last"))[2]
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    os.kill(int(waits.read_text(encoding="utf-8")), signal.SIGKILL)
    code, shown, errors = finish(runbook("report", "last"))
    assert (code, errors) == (0, "")
    (report,) = (checkout / ".runbook" / "reports").iterdir()
    assert f"{report}/post-mortem.md" in shown
    assert "killed in Repair: Wait" in (report / "post-mortem.md").read_text(encoding="utf-8")
    assert json.loads((report / "report.json").read_text(encoding="utf-8"))["results"] == []
    assert {path.stat().st_mode & 0o777 for path in report.iterdir()} == {0o600}


def test_the_record_is_made_from_what_a_run_left(runbook: Any, checkout: Path, fix: list[str]) -> None:
    assert finish(runbook(*fix))[0] == 0
    code, _shown, errors = finish(runbook("report", "last"))
    assert code == 2 and "left no report" in errors
    (run,) = (checkout / ".runbook" / "journal").iterdir()
    report = checkout / ".runbook" / "reports" / run.stem
    report.mkdir(parents=True)
    (report / "report.json").write_text('{"results": [], "unseen": []}', encoding="utf-8")
    code, shown, errors = finish(runbook("report", run.stem))
    assert (code, errors) == (0, "")
    assert f"{report}/index.html" in shown and f"{report}/post-mortem.md" in shown
    assert (report / "journal.jsonl").read_bytes() == run.read_bytes()


def test_list_says_what_each_playbook_changes(runbook: Any, fix: list[str]) -> None:
    code, shown, _errors = finish(runbook("list"))
    assert code == 0
    assert "fix\n  Repair a file\n  changes    one file\n" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run"], "name a playbook"),
        (["show"], "name one run"),
        (["report"], "name one run"),
        (["resume"], "name a run"),
        (["show", "../../etc/passwd"], "there are no runs"),
        (["run", "--resume", "last"], "there are no runs"),
    ],
)
def test_bad_arguments_are_one_clear_error(runbook: Any, arguments: list[str], said: str) -> None:
    code, _shown, errors = finish(runbook(*arguments))
    assert code == 2
    assert said in errors
