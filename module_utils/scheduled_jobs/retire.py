# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Plans and carries out what retires jobs, and what brings them back."""

from __future__ import annotations

from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Union

from . import crontab
from .files import Tree
from .find import crontabs, scripts
from .marks import (
    commented,
    dropin,
    dropin_path,
    is_active_script,
    read_dropin,
    read_sidecar,
    sidecar,
    sidecar_path,
    uncommented,
)
from .model import CRONTAB, SCRIPT, UNIT, Job, Retired
from .redact import redacted
from .units import FOLDERS


class Change(NamedTuple):
    """One file from ``before`` to ``after`` (None: no such file), or only its ``mode``; ``unit`` names the unit that it is about."""

    file: str
    before: Optional[str]
    after: Optional[str]
    mode: Optional[int] = None
    unit: str = ""


def retired(tree: Tree) -> List[Retired]:
    """Every job that was retired and not brought back."""
    return [*_retired_lines(tree), *_retired_scripts(tree), *_retired_units(tree)]


def plan_retiring(tree: Tree, jobs: Iterable[Job], since: str, by: str) -> List[Change]:
    """What retires the jobs; those with other work in them are left to a person."""
    todo = [job for job in jobs if not job.others]
    changes = [_commenting(tree, file, numbers, since, by) for file, numbers in _lines_by_file(todo).items()]
    for script in [job.file for job in todo if job.kind == SCRIPT]:
        mode, beside = tree.mode(script), sidecar_path(script)
        changes += [
            Change(beside, tree.text(beside), sidecar(mode, since, by)),
            Change(script, None, None, mode & ~0o111),
        ]
    units = dict.fromkeys(job.unit for job in todo if job.kind == UNIT)
    return changes + [Change(dropin_path(unit), None, dropin(unit, since, by), unit=unit) for unit in units]


def plan_restoring(tree: Tree, jobs: Sequence[Retired]) -> List[Change]:
    """What brings retired jobs back, exactly as they were."""
    changes = [_uncommenting(tree, file, numbers) for file, numbers in _lines_by_file(jobs).items()]
    for script in [job.file for job in jobs if job.kind == SCRIPT]:
        mark, beside = read_sidecar(tree, script), sidecar_path(script)
        changes += [
            Change(script, None, None, mark.mode if mark else tree.mode(script)),
            Change(beside, tree.text(beside), None),
        ]
    units = [job.text for job in jobs if job.kind == UNIT]
    return changes + [Change(dropin_path(unit), tree.text(dropin_path(unit)), None, unit=unit) for unit in units]


def _lines_by_file(jobs: Iterable[Union[Job, Retired]]) -> Dict[str, List[int]]:
    lines: Dict[str, List[int]] = {}
    for job in jobs:
        if job.kind == CRONTAB:
            lines.setdefault(job.file, []).append(job.line)
    return lines


def carry_out(tree: Tree, changes: Iterable[Change]) -> None:
    """Make the changes, in order. Raises :class:`ApplyFailed` at the first that cannot be made; each is whole or not made at all."""
    for change in changes:
        if change.mode is not None:
            tree.chmod(change.file, change.mode)
        else:
            tree.replace(change.file, change.before, change.after)


def difference(tree: Tree, changes: Iterable[Change]) -> List[Dict[str, str]]:
    """The changes as Ansible shows them: only the lines that change, without secrets."""
    return [_shown(tree, change) for change in changes]


def _shown(tree: Tree, change: Change) -> Dict[str, str]:
    if change.mode is not None:
        before, after = f"mode {tree.mode(change.file):04o}\n", f"mode {change.mode:04o}\n"
    else:
        old, new = ((text or "").splitlines(keepends=True) for text in (change.before, change.after))
        same = set(old) & set(new)
        before, after = ("".join(redacted(line) for line in lines if line not in same) for lines in (old, new))
    return {"before_header": change.file, "after_header": change.file, "before": before, "after": after}


def _commenting(tree: Tree, file: str, numbers: Sequence[int], since: str, by: str) -> Change:
    text = tree.text(file) or ""
    lines = text.split("\n")
    for number in numbers:
        lines[number - 1] = commented(lines[number - 1], since, by)
    return Change(file, text, "\n".join(lines))


def _uncommenting(tree: Tree, file: str, numbers: Sequence[int]) -> Change:
    text = tree.text(file) or ""
    lines = text.split("\n")
    for number in numbers:
        mark = uncommented(lines[number - 1])
        if mark is not None:
            lines[number - 1] = mark.content
    return Change(file, text, "\n".join(lines))


def _retired_lines(tree: Tree) -> Iterator[Retired]:
    for file, flavour in crontabs(tree):
        for number, line in enumerate((tree.text(file) or "").split("\n"), 1):
            mark = uncommented(line)
            if mark is not None and crontab.parse_line(mark.content, number, flavour) is not None:
                yield Retired(CRONTAB, file, number, redacted(mark.content), mark.since, mark.by)


def _retired_scripts(tree: Tree) -> Iterator[Retired]:
    for script, _period in scripts(tree):
        mark = read_sidecar(tree, script)
        if mark is not None and not is_active_script(tree, script):
            yield Retired(SCRIPT, script, 1, "", mark.since, mark.by)


def _retired_units(tree: Tree) -> Iterator[Retired]:
    for name in tree.names(FOLDERS[0]):
        mark = read_dropin(tree, name[: -len(".d")]) if name.endswith(".d") else None
        if mark is not None:
            yield Retired(UNIT, dropin_path(mark.content), 1, mark.content, mark.since, mark.by)
