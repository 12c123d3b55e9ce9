# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Playbooks of this project run against a lab's inventory, each as a person would: one ``ansible-playbook`` over SSH, its report read back."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any, Dict, List, NamedTuple

from ..daemon import Daemon
from ..errors import LabError
from .spec import Vm

_SECONDS = 1200
_FOREIGN = ("ANSIBLE_", "AWX_", "RUNNER_", "RUNBOOK_", "PYTHONPATH")  # of the drill's own Ansible
_STATED = r'\b{}"?: "?(\d+)'
_CHANGED = re.compile(r"\bchanged=(\d+)")


class Play(NamedTuple):
    """How a playbook ended."""

    exit: int  # as the console would say it
    changed: int  # tasks that changed something
    results: List[Dict[str, Any]]  # of report.json; empty where there is none
    text: str  # all that it said: its report first
    log: str  # file with what it printed


class Playbooks:
    """Runs playbooks of ``checkout``; what each leaves lies in a folder of its own below ``acts`` in the lab's folder."""

    def __init__(self, vm: Vm, checkout: str) -> None:
        self._vm = vm
        self._checkout = checkout

    def run(self, name: str, playbook: str, variables: Dict[str, Any], check: bool = False) -> Play:
        """Run ``playbooks/PLAYBOOK.yml``; ``name`` is that of its folder. Raises LabError where it does not end in twenty minutes."""
        folder = self._vm.path("acts", name)
        os.makedirs(folder)
        given = os.path.join(folder, "variables.json")
        with open(given, "w", encoding="utf-8") as file:
            json.dump(variables, file)
        ansible = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
        command = [ansible, "-i", self._vm.path("inventory"), "-e", f"@{given}", *(["--check"] if check else [])]
        command.append(os.path.join(self._checkout, "playbooks", f"{playbook}.yml"))
        log = os.path.join(folder, "output.txt")
        with open(log, "wb") as out:
            status = self._wait(
                subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self._environment(folder))
            )
        return _outcome(status, folder, log)

    def _wait(self, child: subprocess.Popen[bytes]) -> int:
        """Its exit code. Whoever removes the lab meanwhile ends it by its PID file."""
        noted = Daemon(self._vm.path("acts", "playbook.pid"))
        noted.note(child.pid)
        try:
            return child.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            raise LabError(f"a playbook takes longer than {_SECONDS} s", where=self._vm.path("acts")) from None
        finally:
            noted.stop()
            child.wait()

    def _environment(self, folder: str) -> Dict[str, str]:
        neutral = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        return {
            **neutral,
            "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", os.defpath),
            "ANSIBLE_CONFIG": os.path.join(self._checkout, "ansible.cfg"),
            "ANSIBLE_HOME": self._vm.path("acts", "ansible"),
            "ANSIBLE_SHOW_CUSTOM_STATS": "1",
            "ANSIBLE_NOCOLOR": "1",
            "RUNBOOK_REPORT": os.path.join(folder, "report"),
        }


def _outcome(status: int, folder: str, log: str) -> Play:
    printed = _read(log)
    report = _read(os.path.join(folder, "report", "report.json"))
    _before, _word, recap = printed.rpartition("PLAY RECAP")
    changed = sum(int(number) for number in _CHANGED.findall(recap))
    results = json.loads(report)["results"] if report else []
    text = _read(os.path.join(folder, "report", "report.txt")) + "\n" + printed
    return Play(exit_code(status, recap), changed, results, text, log)


def exit_code(status: int, recap: str) -> int:
    """3: what is left needs a decision; 1: something was found; 2: could not look."""
    if not status:
        return 1 if _stated("runbook_findings", recap) else 0
    if _stated("runbook_findings", recap):
        return 1
    return 3 if _stated("runbook_remaining", recap) else 2


def _stated(name: str, recap: str) -> int:
    found = re.search(_STATED.format(name), recap)
    return int(found.group(1)) if found else 0


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""
