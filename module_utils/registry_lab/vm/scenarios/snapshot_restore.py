# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Files of the hosted registry are deleted by hand; the snapshot that the last collection took still has them."""

from __future__ import annotations

from .scene import Scene
from .stage import DONE, Stage, findings_of, repaired_from

_DAMAGES = (
    ("child-gone", "infra-ci", "latest"),
    ("attestation-link-gone", "shop/api", "latest"),
    ("layer-gone", "shop/api", "v1.1.1"),
    ("config-gone", "shop/web", "v2.4.0"),
)


def snapshot_restore(stage: Stage) -> Scene:
    """See the module's text."""
    snapshot = stage.maintain()
    images = stage.images()
    findings = findings_of(stage.damage(*_DAMAGES))
    broken = [f"{repository}:{tag}: {DONE[kind]}" for kind, repository, tag in _DAMAGES]
    source = {"type": "snapshot", "path": snapshot}
    acts = repaired_from([source], findings, images)
    return Scene(broken, [f"maintain took the snapshot {snapshot} before"], acts, len(findings))
