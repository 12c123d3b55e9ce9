# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The CI of a lab: a Woodpecker that builds for real with the lab's engine, and the git repository of the image that pipelines run in."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from typing import Any, Dict

from ..errors import LabError
from ..woodpecker.process import WoodpeckerProcess
from .client import Docker
from .project import ca_path
from .spec import HOSTED, USER, Vm, write_new

IMAGE, BRANCH, REPOSITORY = "infra-ci", "main", "lab/infra"
WORKFLOW, STEP = "build-ci-image", "build-and-push"
#: a step's image that has nothing to do with the registry
PLUGIN = "docker.io/woodpeckerci/plugin-docker-buildx:5"
_FILE = os.path.join(".woodpecker", f"{WORKFLOW}.yml")
_DOCKERFILE = "FROM scratch\nCOPY tools.txt /tools.txt\n"
_BUILD = """\
when:
  - event: [push, manual]
    branch: {branch}

steps:
  - name: {step}
    image: {runs_in}
    settings:
      registry: {registry}
      repo: {registry}/{image}
      dockerfile: Dockerfile
      tags: [latest, "${{CI_COMMIT_SHA:0:7}}"]
      username: {{from_secret: registry_username}}
      password: {{from_secret: registry_password}}
"""
#: what every other pipeline is like
_LINT = """\
when:
  - event: push

steps:
  - name: lint
    image: {registry}/{image}:latest
    commands: [make lint]
"""


class Ci:
    """The server, and what it builds. All of it lives in the lab's folder."""

    def __init__(self, vm: Vm, docker: Docker) -> None:
        self._vm = vm
        self._docker = docker
        self._server = WoodpeckerProcess(vm.path("woodpecker"))

    @property
    def source(self) -> str:
        """Folder of the git repository."""
        return self._vm.path("source")

    @property
    def runs(self) -> bool:
        """Whether the server does."""
        return self._server.running

    def start(self) -> None:
        """Start the server; its repository is made first where it is not there."""
        if not os.path.isdir(os.path.join(self.source, ".git")):
            self._write_source()
        self._server.configure(self._config())
        self._server.start()

    def stop(self) -> None:
        """Stop the server; nothing where it does not run."""
        self._server.stop()

    def remove(self) -> None:
        """Stop it, and remove the images that were built, by it or on the machine. The engine must run."""
        self.stop()
        of_ours = f"reference={self._vm.address(HOSTED.name)}/*"
        built = self._docker.run("image", "ls", "--quiet", "--filter", of_ours).split()
        if built:
            self._docker.run("image", "rm", "--force", *dict.fromkeys(built))

    def write_workflow(self, runs_in: str) -> str:
        """Let the step that builds the image run in another one; the commit."""
        self._write(_FILE, self._workflow(runs_in))
        git(self.source, "commit", "--quiet", "--all", "--allow-empty", "--message", f"Build in {runs_in}")
        if self.runs:
            self.stop()
            self.start()
        return self.commit()

    def commit(self) -> str:
        """What the branch is at."""
        return git(self.source, "rev-parse", "HEAD")

    def _write_source(self) -> None:
        os.makedirs(self.source, exist_ok=True)
        lint = _LINT.format(registry=self._vm.address(HOSTED.name), image=IMAGE)
        files = {"Dockerfile": _DOCKERFILE, "tools.txt": "what every pipeline needs\n", _FILE: self._workflow(PLUGIN)}
        for name, text in {**files, os.path.join(".woodpecker", "lint.yml"): lint}.items():
            self._write(name, text)
        git(self.source, "init", "--quiet", f"--initial-branch={BRANCH}")
        git(self.source, "add", "--all")
        git(self.source, "commit", "--quiet", "--message", "The image that every pipeline runs in")

    def _workflow(self, runs_in: str) -> str:
        return _BUILD.format(branch=BRANCH, step=STEP, runs_in=runs_in, registry=self._vm.address(HOSTED.name), image=IMAGE)

    def _write(self, name: str, text: str) -> None:
        path = os.path.join(self.source, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def _config(self) -> Dict[str, Any]:
        vm, address = self._vm, self._vm.address(HOSTED.name)
        known = {"address": address, "scheme": "https", "ca_path": ca_path(vm), "username": USER, "password": vm.password}
        names = ("registry_username", "registry_password")
        return {
            "port": vm.ci_port,
            "users": [{"login": "ci", "token": token(vm)}, {"login": "root", "token": secrets.token_urlsafe(12), "admin": True}],
            "repositories": [
                {
                    "full_name": REPOSITORY,
                    "folder": self.source,
                    "branches": [BRANCH],
                    "commits": {BRANCH: self.commit()},
                    "rights": {"ci": "push"},
                    "secrets": [{"name": name} for name in names],
                }
            ],
            "privileged_plugins": [PLUGIN.partition("/")[2].partition(":")[0]],
            "builder": {"kind": "docker", "registries": {address: known}, "environment": self._docker.environment()},
        }


def token(vm: Vm) -> str:
    """Of a user who may push, made once."""
    path = vm.path("ci-token")
    write_new(path, secrets.token_urlsafe(12))
    with open(path, encoding="ascii") as file:
        return file.read()


def git(folder: str, *arguments: str) -> str:
    """Run git as nobody in particular, without anybody's settings; what it prints."""
    if shutil.which("git") is None:
        raise LabError("needs git", advice="On Debian or Ubuntu: apt-get install git")
    who = {"GIT_AUTHOR_NAME": "lab", "GIT_AUTHOR_EMAIL": "lab@example.com"}
    who.update({name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()})
    given = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    ran = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, env=given, check=False)
    if ran.returncode:
        raise LabError(f"git {arguments[0]} failed: {ran.stderr.strip()[-500:]}", where=folder)
    return ran.stdout.strip()
