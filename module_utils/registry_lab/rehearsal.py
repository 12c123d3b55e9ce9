# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One scenario in one lab folder, played once: the ground truth is kept in the folder, beside the registry that it tells of."""

from __future__ import annotations

import json
import os
import time
from typing import Any, Dict, Optional

from .binaries import version_of
from .errors import LabError
from .folder import LabFolder
from .graph import tags_of
from .process import RegistryProcess
from .restart import restart_commands
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
    try:
        scene = SCENARIOS[scenario](Stage(lab, binary))
    except BaseException:
        lab.stop()
        if not lab.registries():
            lab.remove()  # nothing in it to look at
        raise
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
    registry = RegistryProcess.attach(lab.main)
    version = version_of(registry.settings.binary)
    return {
        "scenario": scenario,
        "folder": lab.path,
        "address": registry.address,
        "scheme": registry.scheme,
        "root": registry.root,
        "log": registry.log_path,
        "version": ".".join(map(str, version)),
        "dialect": "2" if version[0] < 3 else "3",
        "restart_commands": restart_commands(registry),
        "images": [f"{repository}:{tag}" for repository, tag in tags_of(registry.root)],
        "sources": list(scene.sources),
        "broken": scene.broken,
        "broken_at": time.time(),
        "evidence": scene.evidence,
        "walks": list(scene.walks),
        "expected": [each._asdict() for each in scene.expected],
    }
