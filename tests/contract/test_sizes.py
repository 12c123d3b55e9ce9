# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Nothing grows beyond what a person can hold in mind."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.project import PLAYBOOKS, PYTHON_FILES, TASK_FILES, flat_tasks, functions, load_yaml, name_of

FILE_LINES = 250
FUNCTION_LINES = 40
TASK_FILE_LINES = 75
TASKS = 20


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("path", PYTHON_FILES, ids=name_of)
def test_python_stays_small(path: Path) -> None:
    assert lines_of(path) <= FILE_LINES
    lengths = {function.name: (function.end_lineno or 0) - function.lineno + 1 for function in functions(path)}
    assert {name: length for name, length in lengths.items() if length > FUNCTION_LINES} == {}


@pytest.mark.parametrize("path", TASK_FILES + PLAYBOOKS, ids=name_of)
def test_task_files_stay_small(path: Path) -> None:
    assert lines_of(path) <= TASK_FILE_LINES


@pytest.mark.parametrize("path", TASK_FILES, ids=name_of)
def test_task_files_hold_few_tasks(path: Path) -> None:
    assert len(list(flat_tasks(load_yaml(path)))) <= TASKS
