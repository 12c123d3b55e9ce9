# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which phase a task belongs to: what a person would call that part of the run.

A role's ``tasks/main.yml`` (or another entry of it) is a table of contents: each task there imports or includes a file, and its
name is the phase of every task in that file, however deep. Roles that a role includes belong to the phase that includes them. A task
that stands in the entry itself belongs to the ``include_role`` that asked for the role. A task outside of roles is a phase of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from .events import action_of

_IMPORTS = ("import_tasks", "include_tasks")
_BLOCKS = ("block", "rescue", "always")


class Import(NamedTuple):
    """``source`` imports ``file`` in a task called ``name``."""

    source: str
    file: str
    name: str


class Phases:
    """Follows the tasks of a run as they start. ``path`` holds the phases that are under way, the outermost first."""

    def __init__(self) -> None:
        self._frames: list[tuple[str, str, bool]] = []  # role, phase, whether that is more than the name of one task
        self._asked = ""
        self._paths: dict[str, list[str]] = {}

    def play(self) -> None:
        """A play begins."""
        self._frames, self._asked = [], ""

    def start(self, about: dict[str, Any]) -> list[str]:
        """A task starts; ``about`` is the event's data. Its path."""
        role, task = str(about.get("role") or ""), str(about.get("task", ""))
        known = [index for index, (name, _phase, _lasts) in enumerate(self._frames) if name == role] if role else []
        before = self._frames[known[0]][1] if known and self._frames[known[0]][2] else ""
        outer = self._frames[: known[0]] if known else self._frames if self._asked and role else []
        phase = _phase(_file_of(about), before) if role else ""
        lasting = phase or before or (self._asked if role else "")
        self._frames = [*(frame for frame in outer if frame[0]), (role, lasting or task, bool(lasting))]
        if action_of(about) == "include_role":
            self._asked = task
        elif phase or not role:
            self._asked = ""
        path = [phase for _role, phase, _lasts in self._frames]
        self._paths[str(about.get("task_uuid", ""))] = path
        return path

    def of(self, uuid: str) -> list[str]:
        """The path of a task that started, by its uuid."""
        return self._paths.get(uuid, [])


def _file_of(about: dict[str, Any]) -> Path:
    """The file of a task; ``task_path`` is ``FILE:LINE``."""
    return Path(str(about.get("task_path", "")).rpartition(":")[0])


def _phase(file: Path, before: str) -> str:
    """The name of the import in an entry that leads to ``file``; one that follows ``before`` where several do. Empty: none."""
    folder = next((parent for parent in file.parents if parent.name == "tasks"), None)
    if folder is None:
        return ""
    imports = _imports(folder)
    names = list(dict.fromkeys(_names(imports, file.relative_to(folder).as_posix(), ())))
    order = [found.name for found in imports]
    later = [name for name in names if before in order and order.index(name) >= order.index(before)]
    return (later or names or [""])[0]


def _names(imports: tuple[Import, ...], file: str, seen: tuple[str, ...]) -> Iterator[str]:
    """The names of the imports in entries (files that no other one imports) by which ``file`` is reached."""
    imported = {found.file for found in imports}
    for found in imports:
        if found.file == file and found.source not in (*seen, file):
            if found.source in imported:
                yield from _names(imports, found.source, (*seen, file))
            else:
                yield found.name


@cache
def _imports(folder: Path) -> tuple[Import, ...]:
    """Every import among the task files of one role, those of ``main.yml`` first."""
    files = sorted(folder.rglob("*.yml"), key=lambda path: (path.name != "main.yml", path))
    return tuple(found for path in files for found in _imports_of(path, folder))


def _imports_of(path: Path, folder: Path) -> Iterator[Import]:
    for task in _tasks(_load(path)):
        for action in _IMPORTS:
            given = task.get(f"ansible.builtin.{action}", task.get(action))
            file = given.get("file") if isinstance(given, dict) else given
            if isinstance(file, str):
                near = path.parent / file
                target = near if near.exists() else folder / file
                yield Import(path.relative_to(folder).as_posix(), _below(target, folder), str(task.get("name", file)))


def _below(path: Path, folder: Path) -> str:
    whole = path.resolve()
    return whole.relative_to(folder.resolve()).as_posix() if whole.is_relative_to(folder.resolve()) else str(whole)


def _tasks(tasks: Any) -> Iterator[dict[str, Any]]:
    """Every task of a file, those inside blocks too."""
    for task in tasks if isinstance(tasks, list) else []:
        if isinstance(task, dict):
            yield task
            for block in _BLOCKS:
                yield from _tasks(task.get(block))


def _load(path: Path) -> Any:
    import yaml  # not at the top: ./runbook help runs without the virtual environment

    class Loader(yaml.SafeLoader):  # values with Ansible's own tags are of no interest
        pass

    Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
    try:
        return yaml.load(path.read_bytes(), Loader)  # noqa: S506 (it is a SafeLoader)
    except (OSError, yaml.YAMLError):
        return None
