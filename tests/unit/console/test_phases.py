# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A task belongs to the phase that a person would name: the import in the entry of the outermost role."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contract.project import ROLES, ROOT, load_yaml
from runbook.phases import Phases

FILES = {
    "outer/tasks/main.yml": """
- name: Rehearse
  block:
    - name: Break
      ansible.builtin.import_tasks: break.yml
    - name: Restart before
      ansible.builtin.import_tasks: restart.yml
    - name: Repair
      ansible.builtin.include_tasks: {file: repair.yml}
    - name: Restart after
      ansible.builtin.import_tasks: restart.yml
  rescue:
    - name: Keep the evidence
      ansible.builtin.import_tasks: keep.yml
""",
    "outer/tasks/break.yml": "- name: Begin\n  ansible.builtin.import_tasks: deep/fresh.yml\n- secret: !vault x\n",
    "outer/tasks/deep/fresh.yml": "- name: Look\n",
    "outer/tasks/restart.yml": "- name: Restart\n",
    "outer/tasks/repair.yml": "- name: Repair it\n",
    "outer/tasks/keep.yml": "- name: Keep\n",
    "inner/tasks/main.yml": "- name: Scan\n  ansible.builtin.import_tasks: scan.yml\n- name: Alone\n",
    "inner/tasks/scan.yml": "- name: Read\n",
}


@pytest.fixture
def start(tmp_path: Path) -> Any:
    """``start(role, file, task, action)``: the path of a task that starts."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    phases = Phases()

    def of(role: str, file: str, task: str, action: str = "ansible.builtin.command") -> list[str]:
        folder = f"{role}/tasks/" if role else ""
        about = {
            "role": role,
            "task": task,
            "task_action": action,
            "task_path": f"{tmp_path}/{folder}{file}:3",
            "task_uuid": task,
        }
        path = phases.start(about)
        assert phases.of(task) == path
        return path

    return of


def test_a_file_belongs_to_the_import_in_the_entry_however_deep(start: Any) -> None:
    assert start("outer", "deep/fresh.yml", "Look") == ["Break"]
    assert start("outer", "keep.yml", "Keep") == ["Keep the evidence"]


def test_a_file_that_is_imported_twice_is_told_apart_by_what_went_before(start: Any) -> None:
    assert start("outer", "break.yml", "x") == ["Break"]
    assert start("outer", "restart.yml", "Restart") == ["Restart before"]
    assert start("outer", "repair.yml", "Repair it") == ["Repair"]
    assert start("outer", "restart.yml", "Restart") == ["Restart after"]


def test_a_role_within_a_role_belongs_to_the_phase_that_includes_it(start: Any) -> None:
    assert start("", "play.yml", "Repair, or take back", "ansible.builtin.include_role") == ["Repair, or take back"]
    assert start("outer", "break.yml", "x") == ["Break"]
    assert start("outer", "repair.yml", "Look first", "ansible.builtin.include_role") == ["Repair"]
    assert start("inner", "scan.yml", "Read") == ["Repair", "Scan"]
    assert start("inner", "main.yml", "Alone") == ["Repair", "Scan"]
    assert start("outer", "restart.yml", "Restart") == ["Restart after"]


def test_a_task_in_an_entry_belongs_to_what_asked_for_the_role(start: Any) -> None:
    start("", "play.yml", "Tell a chat", "ansible.builtin.include_role")
    assert start("inner", "main.yml", "Alone") == ["Tell a chat"]


def test_a_task_in_an_entry_that_was_imported_is_a_phase_of_its_own(start: Any) -> None:
    assert start("inner", "main.yml", "Validating arguments", "ansible.builtin.validate_argument_spec") == [
        "Validating arguments"
    ]
    assert start("inner", "main.yml", "Alone") == ["Alone"]


def test_a_task_of_a_playbook_is_a_phase_of_its_own(start: Any) -> None:
    assert start("", "play.yml", "Look whether it is there") == ["Look whether it is there"]


@pytest.mark.parametrize("role", ROLES)
def test_every_import_of_every_role_names_its_phase(role: str) -> None:
    entry = ROOT / "roles" / role / "tasks" / "main.yml"
    for task in load_yaml(entry):
        file = task.get("ansible.builtin.import_tasks")
        if file:
            about = {"role": role, "task": "any", "task_path": f"{entry.parent / file}:1", "task_uuid": "1"}
            assert Phases().start(about)[0] in [other["name"] for other in load_yaml(entry)]
