# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A lab folder with one registry that is watched: made once, its parts started and stopped, described, removed as every lab."""

from __future__ import annotations

import os
import sys
from typing import Any, Collection, Dict, List, Optional, Union

from ..errors import LabError
from ..facts import contents_of
from ..folder import LabFolder
from ..images import build, image
from ..process import RegistryProcess
from ..restart import write_restart_script
from ..scenarios.stage import Tagged, push_all, write_layout
from .programs import find_programs
from .servers import PARTS, Part
from .spec import Spec

_LAYOUT = "layout"


class MonitoringLab:
    """The lab at ``folder``."""

    def __init__(self, folder: str) -> None:
        self.lab = LabFolder(folder)

    @property
    def spec(self) -> Spec:
        """Its lasting facts; LabError where there is no monitoring."""
        return Spec.load(self.lab.path)

    @property
    def begun(self) -> bool:
        """Whether it was made; LabError for a folder of somebody else."""
        self.lab.refuse_foreign()
        return Spec.begun(self.lab.path)

    def make(self, every: float = 1.0, binary: Optional[str] = None, cache: bool = False) -> None:
        """Make a registry with images in it, a source that has them too, and the facts of the monitoring. Nothing runs yet.

        ``every`` is how often the probe looks, in seconds. It and the rules are still to be put where ``Spec`` says.
        """
        programs = find_programs()
        self.lab.make()
        if self.lab.has_main:
            raise LabError(
                "holds a registry without monitoring", where=self.lab.path, advice="Name a folder that does not exist yet"
            )
        with self.lab.in_the_making():
            registry = RegistryProcess(self.lab.main, binary, cache=cache)
            write_restart_script(registry)
            images = _images()
            write_layout(os.path.join(self.lab.path, _LAYOUT), [made for _repository, _tag, made in images])
            with registry:  # while it holds its port, nobody else is given that
                push_all(registry, images)
                Spec.new(self.lab.path, programs, sys.executable, every)

    def part(self, name: str) -> Union[RegistryProcess, Part]:
        """One of PARTS, to be started and stopped."""
        return RegistryProcess.attach(self.lab.main) if name == "registry" else Part(self.spec, name)

    def running(self) -> List[str]:
        """Names of the parts that run."""
        return [name for name in PARTS if self.part(name).running] if self.begun else []

    def converge(self, stopped: Collection[str] = ()) -> None:
        """Stop the parts that are named, and start all the others. LabError where there is no probe to start."""
        if "prober" not in stopped and not os.path.isfile(self.spec.doctor):
            raise LabError(
                "is no registry-doctor, so there is no probe",
                where=self.spec.doctor,
                advice="Make it with registry_doctor_archive",
            )
        for name in reversed(PARTS):
            if name in stopped:
                self.part(name).stop()
        for name in PARTS:
            if name not in stopped:
                self.part(name).start()

    def describe(self) -> Dict[str, Any]:
        """All that one needs to use it; of a folder without a lab only its path."""
        if not self.begun:
            return {"folder": self.lab.path, "running": []}
        registry, spec = RegistryProcess.attach(self.lab.main), self.spec
        return {
            "folder": self.lab.path,
            "running": self.running(),
            **contents_of(registry),
            "sources": [{"type": "layout", "path": spec.path(_LAYOUT)}],
            "urls": {part: spec.url(part) for part in spec.ports},
            "doctor": spec.doctor,
            "rules": spec.rules,
            "notifications": spec.notifications,
            "runs": spec.runs,
        }


def _images() -> List[Tagged]:
    return [
        ("team/app", "1.0", build("watched-app-1")),
        ("team/app", "1.1", build("watched-app-2")),
        ("team/jobs", "1.0", build("watched-jobs")),
        ("tools/cli", "1.0", image("watched-cli")),
    ]
