# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the contract tests look at: the checkout's own files, by kind."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (ROOT / "library").glob("*.py"))
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
TASK_FILES = sorted((ROOT / "roles").glob("*/tasks/**/*.yml")) + sorted((ROOT / "roles").glob("*/handlers/*.yml"))
PYTHON_FILES = sorted(path for top in ("library", "module_utils", "src", "doc_fragments") for path in (ROOT / top).rglob("*.py"))


def name_of(path: Path) -> str:
    """A path as a test id: from the checkout."""
    return path.relative_to(ROOT).as_posix()


def load_yaml(path: Path) -> Any:
    """One YAML document; None for an empty or a missing file."""
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method in a Python file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def flat_tasks(tasks: list[dict[str, Any]] | None) -> Iterator[dict[str, Any]]:
    """The tasks of a file in order, those inside blocks too; blocks themselves are not counted."""
    for task in tasks or []:
        inner = [part for key in ("block", "rescue", "always") for part in task.get(key, [])]
        yield from flat_tasks(inner) if "block" in task else [task]


def play_tasks(path: Path) -> Iterator[dict[str, Any]]:
    """The tasks that a playbook itself holds."""
    for play in load_yaml(path) or []:
        for key in ("pre_tasks", "tasks", "post_tasks", "handlers"):
            yield from flat_tasks(play.get(key))


def ansible_environment() -> dict[str, str]:
    """The environment in which Ansible's programs find this project, wherever they are started."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": programs, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
