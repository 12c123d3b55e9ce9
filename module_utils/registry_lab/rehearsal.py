# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One scenario in one lab folder, played once: the ground truth is kept in the folder, beside the registry that it tells of."""

from __future__ import annotations

import json
import os
import time
from typing import Any, Dict, Optional

from .errors import LabError
from .facts import contents_of
from .folder import LabFolder
from .process import RegistryProcess
from .scenarios import SCENARIOS, Scene, Stage

TRUTH = "scenario.json"


def rehearse(folder: str, scenario: str, binary: Optional[str] = None, *, dry: bool = False) -> Dict[str, Any]:
    """Break a new lab, or tell again of one that was broken; ``dry``: only say whether anything would change.

    Raises LabError for a folder that holds something else. A lab that could not be broken is stopped and stays for a look.
    """
    lab = LabFolder(folder)
    if lab.exists:
        return dict(_recorded(lab, scenario), changed=False)
    if dry:
        return {"changed": True, "scenario": scenario, "folder": lab.path}
    with lab.in_the_making():
        scene = SCENARIOS[scenario](Stage(lab, binary))
    truth = _truth(lab, scenario, scene)
    with open(os.path.join(lab.path, TRUTH), "w", encoding="utf-8") as file:
        json.dump(truth, file, indent=2)
    return dict(truth, changed=True)


def _recorded(lab: LabFolder, scenario: str) -> Dict[str, Any]:
    path = os.path.join(lab.path, TRUTH)
    try:
        with open(path, encoding="utf-8") as file:
            truth: Dict[str, Any] = json.load(file)
    except (OSError, ValueError) as error:
        raise LabError(
            f"holds no finished scenario ({error})", where=lab.path, advice="Name a folder that does not exist yet"
        ) from None
    if truth["scenario"] != scenario:
        raise LabError(f"holds scenario {truth['scenario']}, not {scenario}", where=lab.path, advice="Name another folder")
    return truth


def _truth(lab: LabFolder, scenario: str, scene: Scene) -> Dict[str, Any]:
    return {
        "scenario": scenario,
        "folder": lab.path,
        **contents_of(RegistryProcess.attach(lab.main)),
        "sources": list(scene.sources),
        "broken": scene.broken,
        "broken_at": time.time(),
        "evidence": scene.evidence,
        "walks": list(scene.walks),
        "expected": [each._asdict() for each in scene.expected],
    }
