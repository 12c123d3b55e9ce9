# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A floating tag moved: all services were recreated with other bytes, and none runs what the machine is pinned to."""

from __future__ import annotations

import json
import os
from typing import List

from ....doctor_archive import archive
from ..inventory import MACHINE
from ..spec import CACHES, HOSTED, SERVICES, write_new
from .scene import Act, Scene, Wanted
from .stage import Stage


def wrong_pin(stage: Stage) -> Scene:
    """See the module's text."""
    vm = stage.vm
    images = stage.images()
    look = _install_the_look(stage)
    floating = vm.image("registry", vm.floating)
    before = _image_of(stage)
    _move(stage, floating)
    stage.on_machine(*stage.compose("up", "--detach", "--wait"))
    drift = Wanted(1, says=[f"DRIFT {len(SERVICES)} of {len(SERVICES)} services"])
    acts = [
        Act("detect", "the hourly look at the pin", drift, command=look),
        Act("diagnose", "the plan of pin", Wanted(0, plan={"recreate": len(SERVICES)}), "pin", check=True),
        Act("repair", "pin all services in lockstep", Wanted(0, True, [], plan={"recreate": len(SERVICES)}), "pin"),
        Act("prove", "the hourly look at the pin", Wanted(0, says=["no drift"]), command=look),
        Act("prove", "pull every image, and one of each cache", pull=[*images, *stage.cached()]),
        Act("again", "pin again", Wanted(0, False, [], plan={"keep": len(SERVICES)}), "pin"),
    ]
    broken = [f"moved the tag {floating} to another image, and recreated all services"]
    return Scene(broken, [f"{HOSTED.name} ran {before}, and runs {_image_of(stage)}"], acts, len(SERVICES))


def _install_the_look(stage: Stage) -> List[str]:
    """Put the program of the hourly look where ``detect`` has it; the command of the look."""
    home = stage.vm.project("maintenance")
    program, config = os.path.join(home, "registry-doctor.pyz"), os.path.join(home, "machine-pin.json")
    os.makedirs(home, exist_ok=True)
    with open(program, "wb") as file:
        file.write(archive(os.path.join(stage.checkout, "module_utils", "oci_registry")))
    pin = {
        "compose_path": stage.vm.project("docker-compose.yml"),
        "services": [service.name for service in (*CACHES, HOSTED)],
        "image": stage.vm.image("registry", stage.vm.pinned),
    }
    write_new(config, json.dumps({"name": MACHINE, "pin": pin}, indent=4) + "\n", 0o644)
    return ["python3", "-I", program, "pin", "--config", config]


def _move(stage: Stage, tag: str) -> None:
    """Make another image of the same program, and let the tag stand for it: what a pull of a floating tag may bring any day."""
    container = f"{stage.vm.name}-moved"
    stage.on_machine("docker", "create", "--name", container, tag)
    stage.on_machine("docker", "commit", "--change", "LABEL moved=yes", container, tag)
    stage.on_machine("docker", "rm", container)


def _image_of(stage: Stage) -> str:
    return stage.on_machine("docker", "inspect", "--format", "{{.Image}}", stage.vm.container(HOSTED.name))[:19]
