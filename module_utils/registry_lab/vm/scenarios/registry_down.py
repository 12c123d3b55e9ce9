# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The hosted registry is stopped: it cannot be looked at, which is neither broken nor healthy; its disk is whole."""

from __future__ import annotations

from ..spec import FRONT, HOSTED
from .scene import Act, Scene, Wanted
from .stage import TARGET, Stage

_NEVER = ("BROKEN", "HEALTHY")


def registry_down(stage: Stage) -> Scene:
    """See the module's text."""
    container = stage.vm.container(HOSTED.name)
    stage.on_machine("docker", "stop", container)
    acts = [
        Act("detect", "prove every image", Wanted(2, False, says=["answers 502|answers 504"], never=_NEVER), "verify", TARGET),
        Act("diagnose", "look at the disk, too", Wanted(2, False, [], says=_SEEN, never=_NEVER), "diagnose", TARGET),
        Act("diagnose", "ask the machine", Wanted(says=["Exited"]), command=stage.compose("ps", "--all", HOSTED.name)),
        Act("repair", "start it", command=stage.compose("up", "--detach", "--wait", "--no-recreate", HOSTED.name)),
        Act("repair", "restart nginx", command=stage.compose("restart", FRONT)),
        Act("prove", "prove every image", Wanted(0, False, [], says=["HEALTHY"]), "verify", TARGET),
        Act("prove", "pull every image, all platforms", pull=stage.images()),
        Act("again", "recover has nothing to do", Wanted(0, False, []), "recover", TARGET),
    ]
    return Scene([f"stopped the container {container}"], [], acts, 1)


_SEEN = ("INCOMPLETE", "COULD NOT LOOK: over HTTP", "looked over the disk", "0 critical, 0 warning")
