# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One scenario on one machine, played once: the ground truth is kept in the lab's folder."""

from __future__ import annotations

import json
import os
import time
from typing import Any, Dict

from ..errors import LabError
from .acting import acts_of, perform, truth_of
from .lab import VmLab
from .scenarios import SCENARIOS, Stage
from .spec import write_new


def rehearse(folder: str, scenario: str, checkout: str, *, dry: bool = False) -> Dict[str, Any]:
    """Break the lab in ``folder``, or tell again of one that was broken; ``dry``: only say whether anything would change."""
    parts = VmLab(folder).parts()
    if os.path.exists(parts.vm.path("scenario.json")):
        truth = truth_of(parts.vm)
        if truth["scenario"] != scenario:
            raise LabError(f"holds scenario {truth['scenario']}, not {scenario}", where=folder, advice="Name another folder")
        return dict(truth, changed=False)
    if dry:
        return {"changed": True, "scenario": scenario, "folder": folder}
    scene = SCENARIOS[scenario](Stage(parts, checkout))
    truth = {
        "scenario": scenario,
        "folder": folder,
        "version": parts.vm.pinned,
        "broken": scene.broken,
        "broken_at": time.time(),
        "evidence": scene.evidence,
        "found": scene.found,
        "acts": [act.as_dict() for act in scene.acts],
    }
    write_new(parts.vm.path("scenario.json"), json.dumps(truth, indent=2))
    return dict(truth_of(parts.vm), changed=True)


def act(folder: str, number: int, checkout: str) -> Dict[str, Any]:
    """Carry out the act with this number (from 0) of the lab that was broken; see :func:`.acting.perform`."""
    parts = VmLab(folder).parts()
    acts = acts_of(truth_of(parts.vm))
    if not 0 <= number < len(acts):
        raise LabError(f"its scenario has {len(acts)} acts, and none with the number {number}", where=folder)
    return perform(parts, checkout, number, acts[number])
