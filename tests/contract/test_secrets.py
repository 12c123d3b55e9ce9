# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""No secret is put where every user of a machine can read it: on a command line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from contract.project import PLAYBOOKS, PYTHON_FILES, TASK_FILES, flat_tasks, load_yaml, name_of, play_tasks

SECRET = re.compile(r"password|passwd|secret|token|credential", re.IGNORECASE)
BY_FILE_OR_STDIN = re.compile(r"password[-_](?:file|stdin)|authfile", re.IGNORECASE)
STARTERS = {"run", "Popen", "call", "check_call", "check_output", "run_command", "execv", "execvp", "execvpe", "spawn"}
COMMANDS = {f"{prefix}{name}" for prefix in ("", "ansible.builtin.") for name in ("command", "shell", "raw", "script")}


def words_of(node: ast.AST) -> Iterator[str]:
    """Every name and every string in an expression."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def suspicious(words: Iterator[str]) -> list[str]:
    """The words that speak of a secret itself, and not of a file or a pipe that holds it."""
    return [word for word in words if SECRET.search(BY_FILE_OR_STDIN.sub("", word))]


@pytest.mark.parametrize("path", PYTHON_FILES, ids=name_of)
def test_python_starts_no_program_with_a_secret(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in STARTERS and node.args:
            assert suspicious(words_of(node.args[0])) == [], f"line {node.lineno}"


@pytest.mark.parametrize("path", TASK_FILES + PLAYBOOKS, ids=name_of)
def test_tasks_start_no_program_with_a_secret(path: Path) -> None:
    tasks = play_tasks(path) if path in PLAYBOOKS else flat_tasks(load_yaml(path))
    for task in tasks:
        for action in COMMANDS & set(task):
            given = task[action] if isinstance(task[action], str) else {**task[action], "stdin": None}
            assert suspicious(iter([yaml.safe_dump(given)])) == [], task.get("name")


def test_the_guard_bites() -> None:
    call = ast.parse("subprocess.run(['curl', '-u', f'{user}:{password}'])").body[0]
    assert suspicious(words_of(call)) == ["password"]
    assert suspicious(words_of(ast.parse("run(['skopeo', '--password-stdin'])").body[0])) == []
