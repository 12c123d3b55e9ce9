# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The disk of the hosted registry loses and cuts files; another registry still has the bytes."""

from __future__ import annotations

from .scene import Scene
from .stage import DONE, Stage, findings_of, repaired_from

_DAMAGES = (
    ("child-gone", "infra-ci", "latest"),
    ("layer-gone", "shop/api", "v1.1.0"),
    ("config-gone", "shop/web", "v2.3.0"),
    ("layer-halved", "shop/web", "v2.4.0"),
)


def mirror_restore(stage: Stage) -> Scene:
    """See the module's text."""
    source = stage.mirror()
    images = stage.images()
    findings = findings_of(stage.damage(*_DAMAGES))
    broken = [f"{repository}:{tag}: {DONE[kind]}" for kind, repository, tag in _DAMAGES]
    evidence = [f"all that was lost is in another registry, {source['registry']}"]
    return Scene(broken, evidence, repaired_from([source], findings, images), len(findings))
