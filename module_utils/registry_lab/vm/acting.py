# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One act of a scenario carried out on its machine, judged, and put into words."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ..errors import LabError
from ..pulling import UNAVAILABLE, Puller, skopeo
from .judging import Outcome, wrong
from .lab import Parts
from .playing import Playbooks
from .project import ca_path
from .scenarios.scene import Act
from .spec import HOSTED, USER, Vm

_STEP = ("action", "role", "way", "state")
_LINES = 6  # of what is wrong, in a report


def perform(parts: Parts, checkout: str, number: int, act: Act) -> Dict[str, Any]:
    """Do it: when it ended, what was seen, the steps of a repair, and ``problem`` where it ended otherwise than it must."""
    name = f"{number:02}-{act.stage}"
    began = time.time()
    outcome = _do(parts, checkout, name, act)
    lines = wrong(act.wanted, outcome)
    told = f"{act.stage}: {act.what} ({_how(act)}): exit {outcome.exit} after {time.time() - began:.1f} s{_counted(outcome)}"
    problem = f"{_how(act)} {'; '.join(lines[:_LINES])}. {_evidence(outcome)}" if lines else ""
    return {"ended": time.time(), "told": told, "steps": _steps(outcome), "problem": problem}


def _do(parts: Parts, checkout: str, name: str, act: Act) -> Outcome:
    if act.playbook:
        play = Playbooks(parts.vm, checkout).run(name, act.playbook, act.variables or {}, act.check)
        return Outcome(play.exit, play.changed, play.results, play.text, play.log)
    if act.command:
        command = parts.ssh.command(shlex.join(act.command))
        ran = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return Outcome(ran.returncode, text=ran.stdout.decode("utf-8", "replace"))
    if act.pull:
        return _pull(parts.vm, act)
    for prepared, target in act.put:
        os.replace(prepared, target)
    return Outcome(0)


def _evidence(outcome: Outcome) -> str:
    return f"See {outcome.log}" if outcome.log else f"It said: {' '.join(outcome.text.split())[-400:] or 'nothing'}"


def _how(act: Act) -> str:
    if act.playbook:
        return f"{act.playbook} --check" if act.check else act.playbook
    if act.command:
        return shlex.join(act.command)[:80]
    return f"skopeo, {len(act.pull)} images" if act.pull else "by hand"


def _pull(vm: Vm, act: Act) -> Outcome:
    """0: all were pulled; 1: none was; 2: some were."""
    program = skopeo()
    if program is None:
        return Outcome(act.wanted.exit, text="\n".join([UNAVAILABLE, *act.wanted.says]))
    refused: List[str] = []
    for service in dict.fromkeys(name for name, _image in act.pull):
        hosted = service == HOSTED.name
        access: Tuple[Any, ...] = (ca_path(vm), (USER, vm.password)) if hosted else ()
        puller = Puller(program, vm.address(service), *access)
        try:
            images = [image for name, image in act.pull if name == service]
            # a cache would fetch every other platform for it
            refused += [error for error in (puller.pull(image, every_platform=hosted) for image in images) if error]
        finally:
            puller.close()
    exit_code = 0 if not refused else 1 if len(refused) == len(act.pull) else 2
    return Outcome(exit_code, text="\n".join(refused))


def _counted(outcome: Outcome) -> str:
    found = [one for result in outcome.results for one in result.get("findings") or [] if one.get("severity") != "info"]
    return f", {len(found)} findings" if found else ""


def _steps(outcome: Outcome) -> List[Dict[str, str]]:
    """What a repair did, as the report of a drill counts it."""
    every = [step for result in outcome.results for step in result.get("steps") or []]
    return [{key: str(step[key]) for key in _STEP} for step in every if all(key in step for key in _STEP)]


def acts_of(truth: Mapping[str, Any]) -> Sequence[Act]:
    """The acts of a scenario that was kept as JSON."""
    return [Act.of(record) for record in truth["acts"]]


def truth_of(vm: Vm) -> Dict[str, Any]:
    """What was broken in a lab; LabError where nothing was."""
    try:
        with open(vm.path("scenario.json"), encoding="utf-8") as file:
            truth: Dict[str, Any] = json.load(file)
    except (OSError, ValueError) as error:
        raise LabError(f"holds no finished scenario ({error})", where=vm.folder, advice="Break it first") from None
    return truth
