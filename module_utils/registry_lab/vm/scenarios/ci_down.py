# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The image that every pipeline runs in is lost, nothing has its bytes, and Woodpecker does not answer: it is built on the machine."""

from __future__ import annotations

from ..ci import IMAGE
from .ci_image import CiImage, broken_ci_image, built_on_the_machine
from .scene import Scene
from .stage import Stage


def ci_down(stage: Stage) -> Scene:
    """See the module's text."""
    made: CiImage = broken_ci_image(stage)
    stage.parts.ci.stop()
    acts = built_on_the_machine(stage, made, why="gives no answer")
    return Scene([*made.broken, "stopped Woodpecker"], [f"{IMAGE}:latest was built from {made.commit}"], acts, len(made.findings))
