# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The image that every pipeline runs in, and its source with its pipeline; a collection destroys it, and no other registry has its bytes."""

from __future__ import annotations

import os
import shutil
from typing import List, NamedTuple

from ...errors import LabError
from ...images import AMD64, build
from ...push import push
from ...scenarios.orphan_index import children_of, lost_of
from ..ci import IMAGE, PLUGIN
from ..front import Front
from ..legacy import collections
from ..spec import HOSTED, USER
from .scene import Act, Finding, Wanted
from .stage import TARGET, Stage


class CiImage(NamedTuple):
    """An image that is broken, and what it can be built from."""

    source: str  # folder of the git repository
    commit: str  # that it was built from
    findings: List[Finding]  # of its tags
    broken: List[str]  # what was done, for people


def broken_ci_image(stage: Stage, runs_in: str = PLUGIN) -> CiImage:
    """Build the image from a new source, as its pipeline does, and let the legacy cron line collect. ``runs_in``: the image of that step.

    The machine holds nothing else then, so that nothing else is broken.
    """
    commit = stage.parts.ci.write_workflow(runs_in)
    shutil.rmtree(os.path.join(stage.root, "docker"))
    for tag in (commit[:7], "latest"):
        push(Front(stage.vm, HOSTED), IMAGE, tag, build(commit, (AMD64,)), (USER, stage.vm.password))
    before = children_of(stage.root)
    line = collections(stage.vm)[HOSTED.name]
    stage.on_machine("/bin/sh", "-c", line)
    findings: List[Finding] = [
        {"code": one.code, "repository": one.repository, "digest": one.digest, "tags": sorted(one.tags)}
        for (repository, _digest), child in before.items()
        for one in lost_of(stage.root, repository, child)
    ]
    if len(findings) != len(before):
        raise LabError("the collection did not take every child away", where=stage.root)
    broken = [f"ran what cron runs on Sundays: {line}", f"nothing has the bytes of {IMAGE}:latest"]
    return CiImage(stage.parts.ci.source, commit, findings, broken)


def built_on_the_machine(stage: Stage, made: CiImage, why: str) -> List[Act]:
    """What a person does then: look, see what is left to decide, approve the rebuild, pull, and recover again. ``why`` not by the pipeline."""
    approved = {**TARGET, "approve": ["rebuild"]}
    undecided = Wanted(3, False, says=["needs approve: [rebuild]", f"{IMAGE}:latest (in use)"])
    return [
        Act("detect", "prove every image", Wanted(1, False, made.findings), "verify", TARGET),
        Act("diagnose", "look at the disk, too", Wanted(1, False, made.findings, says=["BROKEN"]), "diagnose", TARGET),
        Act("diagnose", "recover without an approval: nothing is left that digests repair", undecided, "recover", TARGET),
        Act("repair", "recover, the rebuild approved", Wanted(0, True, [], says=[why, "rebuilt on"]), "recover", approved),
        Act("prove", "pull the image", pull=[(HOSTED.name, f"{IMAGE}:{tag}") for tag in ("latest", made.commit[:7])]),
        Act("again", "recover again", Wanted(0, False, []), "recover", approved),
    ]
