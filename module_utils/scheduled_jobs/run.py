# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One run over the jobs of a machine: find, retire, or bring back. The brain of the module ``registry_legacy_jobs``."""

from __future__ import annotations

import getpass
import os
import time
from typing import Any, Callable, Dict, List, Mapping, Sequence, Set, Tuple

from ..oci_registry.errors import ApplyFailed, BadInput
from .files import Tree
from .find import find
from .model import Job, Retired
from .retire import Change, carry_out, difference, plan_restoring, plan_retiring, retired

FOUND, RETIRED, RESTORED = "found", "retired", "restored"
STATES = (FOUND, RETIRED, RESTORED)
#: what runs a program: its arguments to exit code, output and error output
Runner = Callable[[List[str]], Tuple[int, str, str]]
_BOOTED = "/run/systemd/system"


class LegacyJobs:
    """``run()`` once, then ``result()``, ``diff()`` and ``message()``."""

    def __init__(self, params: Mapping[str, Any], runner: Runner) -> None:
        """``params`` are the options of the module. Raises :class:`BadInput` for those that cannot be used."""
        self._state = str(params["state"])
        self._only: List[str] = list(params["only"] or [])
        self._tree = Tree(params["root"] or "/")
        self._runner = runner
        self._jobs: List[Job] = []
        self._retired: List[Retired] = []
        self._changes: List[Change] = []
        self._difference: List[Dict[str, str]] = []
        if not os.path.isdir(self._tree.real("/")):
            raise BadInput("is no folder", where=params["root"])

    def run(self, *, check_mode: bool) -> None:
        """Look, and unless in check mode change what is to be changed. Raises a :class:`RegistryError` where that fails."""
        self._jobs, self._retired = find(self._tree), retired(self._tree)
        self._changes = self._plan()
        self._difference = difference(self._tree, self._changes)
        if check_mode or not self._changes:
            return
        carry_out(self._tree, self._changes)
        self._tell_systemd()
        self._jobs, self._retired = find(self._tree), retired(self._tree)

    def _plan(self) -> List[Change]:
        if self._state == RETIRED:
            jobs = self._selected(self._jobs, self._retired)
            return plan_retiring(self._tree, jobs, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), _who())
        if self._state == RESTORED:
            return plan_restoring(self._tree, self._selected(self._retired, self._jobs))
        return []

    def _selected(self, jobs: Sequence[Any], others: Sequence[Any]) -> List[Any]:
        """The jobs that ``only`` names by file, by file:line or by unit; all of them where it names none. ``others`` are as wanted already."""
        unknown = set(self._only).difference(*map(_names, [*jobs, *others]))
        if unknown:
            there = ", ".join(job.name for job in [*jobs, *others]) or "none"
            raise BadInput(f"no such job: {', '.join(sorted(unknown))}", advice=f"There are: {there}")
        return [job for job in jobs if not self._only or _names(job) & set(self._only)]

    def _tell_systemd(self) -> None:
        units = [change.unit for change in self._changes if change.unit]
        if not units or self._tree.root or not os.path.isdir(_BOOTED):
            return
        self._systemctl("daemon-reload")
        for unit in units:
            # a unit that is not enabled is not to be started by us
            wanted = self._state == RETIRED or self._runner(["systemctl", "is-enabled", "--quiet", unit])[0] == 0
            if wanted:
                self._systemctl("stop" if self._state == RETIRED else "start", unit)

    def _systemctl(self, *arguments: str) -> None:
        code, _output, error = self._runner(["systemctl", *arguments])
        if code != 0:
            raise ApplyFailed(
                f"systemctl {' '.join(arguments)} failed: {error.strip()}", advice="The files are in place: run it by hand"
            )

    def result(self) -> Dict[str, Any]:
        """What the module returns, besides ``diff``: plain JSON types."""
        return {
            "changed": bool(self._changes),
            "jobs": [job.as_dict() for job in self._jobs],
            "retired": [job.as_dict() for job in self._retired],
            "files": list(dict.fromkeys(change.file for change in self._changes)),
            "problems": self._tree.problems,
        }

    def diff(self) -> List[Dict[str, str]]:
        """The lines that change, file by file."""
        return self._difference

    def message(self) -> str:
        """One sentence for people."""
        mixed = sum(bool(job.others) for job in self._jobs)
        text = f"{len(self._jobs)} jobs that harm registries are active, {len(self._retired)} are retired"
        return text + (f"; {mixed} do other work too and are left to a person" if mixed else "")


def _names(job: Any) -> Set[str]:
    """What a job, active or retired, can be called."""
    return {job.name, job.file, f"{job.file}:{job.line}"}


def _who() -> str:
    """The person behind this, as far as the machine knows: no white space."""
    name = os.environ.get("SUDO_USER") or getpass.getuser()
    return "".join(name.split()) or str(os.getuid())
