# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Real builders for tests, each with a place of its own: an engine, buildah's store, and programs that tell how they were called.

Where a builder is not installed its tests are skipped, saying why; with ``CI`` in the environment Docker and buildah must be there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.errors import LabError
from ansible.module_utils.registry_lab.vm.client import DEFAULT_HOST, neutral_environment, reachable
from ansible.module_utils.registry_lab.vm.dockerd import OwnEngine
from ansible.module_utils.registry_lab.vm.spec import Vm

BUILDERS = ("docker", "buildx", "buildah")
USER, PASSWORD = "ci", "a-Pass/word+1"
DOCKERFILE = "FROM scratch\nARG WHO=nobody\nLABEL who=$WHO\nCOPY file /file\n"
_TEMPORARY = tempfile.gettempdir()  # of the machine; tests have one of their own
_WRAPPER = """\
#!{python}
import json, os, sys, subprocess
name, real, told = {name!r}, {real!r}, {told!r}
with open(told + "/calls", "a", encoding="utf-8") as file:
    file.write(json.dumps([name, *sys.argv[1:]]) + "\\n")
words = [word for word in sys.argv[1:] if not word.startswith("-")]
for rule in os.listdir(told + "/rules"):
    program, _, word = rule.partition(" ")
    if program == name and word in words[:4]:
        with open(told + "/rules/" + rule, encoding="utf-8") as file:
            what = file.read()
        if what == "hold":
            open(told + "/held", "w").write(str(os.getpid()))
            with open(told + "/never") as file:
                file.read()
        sys.exit(subprocess.run(["/bin/sh", "-c", what, *sys.argv]).returncode)
os.execv(real, [name, *sys.argv[1:]])
"""


class Programs:
    """``git``, ``docker`` and ``buildah`` as they are found on PATH: they write down how they were called, and may be told otherwise."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "rules").mkdir(parents=True)
        (folder / "bin").mkdir()
        os.mkfifo(folder / "never")
        for name in ("git", "docker", "buildah"):
            real = shutil.which(name)
            if real:
                path = folder / "bin" / name
                path.write_text(_WRAPPER.format(python=sys.executable, name=name, real=real, told=str(folder)), encoding="utf-8")
                path.chmod(0o755)

    def rule(self, program: str, word: str, what: str = "exit 0") -> None:
        """Instead of what a program does for ``word``, a shell runs ``what``; "hold" lets it wait until it is killed."""
        (self.folder / "rules" / f"{program} {word}").write_text(what, encoding="utf-8")

    def clear(self) -> None:
        """As they are."""
        for rule in (self.folder / "rules").iterdir():
            rule.unlink()
        (self.folder / "held").unlink(missing_ok=True)

    @property
    def calls(self) -> list[list[str]]:
        """How they were called so far."""
        path = self.folder / "calls"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


@pytest.fixture(scope="session")
def docker_host() -> Iterator[str]:
    """The engine that runs here, or else one that is started for the tests."""
    host = os.environ.get("DOCKER_HOST") or DEFAULT_HOST
    if not shutil.which("docker"):
        _unfit("docker is not installed")
    if host.startswith("unix://") and reachable(host):
        yield host
        return
    folder = tempfile.mkdtemp(prefix="engine-", dir=_TEMPORARY)  # a short path: there are sockets in it
    vm = Vm.new(folder, True, "", {})
    engine = OwnEngine(vm)
    try:
        try:
            engine.start()
        except (LabError, OSError, subprocess.CalledProcessError) as error:
            _unfit(f"no engine can be started here: {error}")
        yield vm.docker_host
    finally:
        engine.destroy()
        shutil.rmtree(folder)


def _unfit(why: str) -> None:
    (pytest.fail if "CI" in os.environ else pytest.skip)(why)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """The programs on PATH, for the time of a test."""
    made = Programs(tmp_path / "programs")
    monkeypatch.setenv("PATH", f"{made.folder}/bin{os.pathsep}{os.environ['PATH']}")
    return made


@pytest.fixture
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, a Docker configuration, a store for buildah and a folder for temporary files, all of the test's own."""
    home = tmp_path / "home"
    (home / ".docker").mkdir(parents=True)
    (home / ".docker" / "config.json").write_text('{"auths": {"elsewhere.invalid": {"auth": "dTpw"}}}', encoding="utf-8")
    (tmp_path / "tmp").mkdir()
    store = f'[storage]\ndriver = "vfs"\ngraphroot = "{tmp_path}/store"\nrunroot = "{tmp_path}/run"\n'
    (tmp_path / "storage.conf").write_text(store, encoding="utf-8")
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(tmp_path / "storage.conf"))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    return home


@pytest.fixture
def a_builder(request: pytest.FixtureRequest, own_place: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch) -> str:
    """A builder that works, of those that the test names; skips where it is not to be had."""
    name: str = request.param
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    if name == "buildah":
        if not shutil.which("buildah"):
            _unfit("buildah is not installed")
        return name
    monkeypatch.setenv("DOCKER_HOST", request.getfixturevalue("docker_host"))
    if name == "buildx":
        plugin = os.environ.get("RUNBOOK_BUILDX") or ""
        if plugin:
            (own_place / ".docker" / "cli-plugins").mkdir()
            (own_place / ".docker" / "cli-plugins" / "docker-buildx").symlink_to(plugin)
        if subprocess.run(["docker", "buildx", "version"], capture_output=True, check=False).returncode:
            pytest.skip("docker has no buildx here, and Debian 12 has no package of it: RUNBOOK_BUILDX=/path/to/docker-buildx")
    return name


def engine_has(reference: str) -> bool:
    """Whether the engine of the environment holds an image of this name."""
    command = ["docker", "image", "inspect", reference]
    given = {**neutral_environment(), "DOCKER_HOST": os.environ["DOCKER_HOST"]}
    return subprocess.run(command, capture_output=True, env=given, check=False).returncode == 0


def make_source(folder: Path, text: str = "hello\n", dockerfile: str = DOCKERFILE) -> str:
    """A Git repository with a Dockerfile, one commit more each time; the commit."""
    folder.mkdir(exist_ok=True)
    (folder / "file").write_text(text, encoding="utf-8")
    (folder / "Dockerfile").write_text(dockerfile, encoding="utf-8")

    def git(*arguments: str) -> Any:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.invalid"]
        return subprocess.run(["/usr/bin/git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)

    if not (folder / ".git").exists():
        git("init", "--quiet", "--initial-branch=main")
    git("add", "--all")
    git("commit", "--quiet", "--allow-empty", "--message", text)
    commit: str = git("rev-parse", "HEAD").stdout.strip()
    return commit
