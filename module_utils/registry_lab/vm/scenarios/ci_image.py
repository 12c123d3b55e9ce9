# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The image that every pipeline runs in, and its source with its pipeline; a collection destroys it, and no other registry has its bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Dict, List, NamedTuple

from ...errors import LabError
from ...images import AMD64, build
from ...push import push
from ...scenarios.orphan_index import children_of, lost_of
from ..front import Front
from ..legacy import collections
from ..spec import HOSTED, USER
from .scene import Finding
from .stage import Stage

IMAGE = "infra-ci"
BRANCH = "main"
#: a step's image that has nothing to do with the registry
PLUGIN = "docker.io/woodpeckerci/plugin-docker-buildx:5"
_DOCKERFILE = "FROM scratch\nCOPY tools.txt /tools.txt\n"
_WORKFLOW = """\
when:
  - event: [push, manual]
    branch: {branch}

steps:
  - name: build-and-push
    image: {runs_in}
    settings:
      registry: {registry}
      repo: {registry}/{image}
      dockerfile: Dockerfile
      tags: [latest, "${{CI_COMMIT_SHA:0:7}}"]
      username: {{from_secret: registry_username}}
      password: {{from_secret: registry_password}}
"""


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
    source = stage.vm.path("source")
    commit = _write_source(source, _workflow(stage, runs_in))
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
    return CiImage(
        source, commit, findings, [f"ran what cron runs on Sundays: {line}", f"nothing has the bytes of {IMAGE}:latest"]
    )


def _workflow(stage: Stage, runs_in: str) -> str:
    return _WORKFLOW.format(branch=BRANCH, runs_in=runs_in, registry=stage.vm.address(HOSTED.name), image=IMAGE)


def _write_source(folder: str, workflow: str) -> str:
    """A git repository with one commit; its full name."""
    files: Dict[str, str] = {
        "Dockerfile": _DOCKERFILE,
        "tools.txt": "what every pipeline needs\n",
        os.path.join(".woodpecker", "build-ci-image.yml"): workflow,
    }
    os.makedirs(os.path.join(folder, ".woodpecker"))
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    _git(folder, "init", "--quiet", f"--initial-branch={BRANCH}")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "The image that every pipeline runs in")
    return _git(folder, "rev-parse", "HEAD")


def _git(folder: str, *arguments: str) -> str:
    """Run git as nobody in particular, without anybody's settings."""
    who = {"GIT_AUTHOR_NAME": "lab", "GIT_AUTHOR_EMAIL": "lab@example.com"}
    who.update({name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()})
    given = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    if shutil.which("git") is None:
        raise LabError("needs git", advice="On Debian or Ubuntu: apt-get install git")
    ran = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, env=given, check=False)
    if ran.returncode:
        raise LabError(f"git {arguments[0]} failed: {ran.stderr.strip()[-500:]}", where=folder)
    return ran.stdout.strip()
