# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The legacy cron line of the hosted registry runs once more: ``garbage-collect -m`` takes the children of every tagged index."""

from __future__ import annotations

from ...errors import LabError
from ...scenarios.orphan_index import children_of, lost_of
from ..inventory import MACHINE
from ..legacy import CRON_FILE, collections, put_legacy_jobs
from ..spec import HOSTED, SERVICES
from .scene import Act, Scene, Wanted
from .stage import TARGET, Stage

_ACTIVE = f"! grep -E '^[0-9*]' {CRON_FILE}"


def collector_gone_wild(stage: Stage) -> Scene:
    """See the module's text."""
    snapshot = stage.maintain()
    images = stage.images()
    put_legacy_jobs(stage.vm, stage.on_machine)
    before = children_of(stage.root)
    line = collections(stage.vm)[HOSTED.name]
    stage.on_machine("/bin/sh", "-c", line)
    lost = [found for (repository, _digest), child in before.items() for found in lost_of(stage.root, repository, child)]
    if not lost:
        raise LabError("the collection took no child away, so there is nothing to rehearse", where=stage.vm.folder)
    findings = [{"code": one.code, "repository": one.repository, "digest": one.digest, "tags": sorted(one.tags)} for one in lost]
    broken = [f"ran what cron runs on Sundays: {line}"]
    evidence = [f"{len(lost)} children of tagged indexes are lost", f"maintain took the snapshot {snapshot} before"]
    jobs = len(SERVICES) + 1  # the cleanup of tags, too
    old = Wanted(1, says=[CRON_FILE, "garbage-collect -m"])
    approved = {"target": MACHINE, "approve": ["retire_jobs"]}
    acts = [
        Act("detect", "prove every image", Wanted(1, False, findings), "verify", TARGET),
        Act("diagnose", "look at the disk, too", Wanted(1, False, findings, says=["BROKEN"]), "diagnose", TARGET),
        Act("diagnose", "look for who did it", old._replace(findings=[{}] * jobs), "maintain", {"target": MACHINE}, check=True),
        Act("repair", "retire the old jobs first", Wanted(0, True, []), "maintain", approved),
        Act(
            "repair", "put back what the snapshot has", Wanted(0, True, []), "maintain", {**TARGET, "maintain_restore": "latest"}
        ),
        Act("prove", "pull every image, all platforms", pull=images),
        Act("prove", "no old job is left", command=["/bin/sh", "-c", _ACTIVE]),
        Act("again", "recover has nothing to do", Wanted(0, False, []), "recover", TARGET),
    ]
    return Scene(broken, evidence, acts, len(lost))
