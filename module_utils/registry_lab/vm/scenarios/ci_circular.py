# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The pipeline that would build the image runs in that very image: it is built on the machine, though Woodpecker answers."""

from __future__ import annotations

from ..ci import IMAGE
from ..spec import HOSTED
from .ci_image import broken_ci_image, built_on_the_machine
from .scene import Scene
from .stage import Stage


def ci_circular(stage: Stage) -> Scene:
    """See the module's text."""
    made = broken_ci_image(stage, f"{stage.vm.address(HOSTED.name)}/{IMAGE}:latest")
    acts = built_on_the_machine(stage, made, why=f"its pipeline runs in {IMAGE}:latest, which is broken itself")
    return Scene(made.broken, [f"{IMAGE}:latest was built from {made.commit}"], acts, len(made.findings))
