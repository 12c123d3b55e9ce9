# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a step does: a builder is called for each, and really builds and pushes where the step is one of the plugins that do.

``images_builder`` needs no engine: it makes an image in memory and pushes it. ``docker_builder`` runs ``docker build`` and ``docker push``.
"""

from __future__ import annotations

import http.client
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from ..images import AMD64, build, image
from ..push import push

Registries = Dict[str, Dict[str, Any]]


class Job(NamedTuple):
    """One step to do. ``variables`` are all that its container would see; ``say`` takes a line of its log."""

    folder: str
    repository: str
    workflow: str
    step: str
    spec: Dict[str, Any]
    variables: Dict[str, str]
    say: Callable[[str], None]
    canceled: threading.Event


#: Does a job; its exit code.
Builder = Callable[[Job], int]


def nothing(job: Job) -> int:
    """Says what it would run."""
    for command in job.spec.get("commands") or []:
        job.say(f"+ {command}")
    return 0


class Push(NamedTuple):
    """What a step pushes: host and port of the registry, the repository in it, its tags and platforms."""

    registry: str
    repository: str
    tags: List[str]
    platforms: List[str]
    context: str
    dockerfile: str


def push_of(job: Job) -> Optional[Push]:
    """What the settings of a step say; None for a step that pushes nothing."""
    settings = job.spec.get("settings") or {}
    repo = str(settings.get("repo") or "")
    if not repo or settings.get("dry_run"):
        return None
    registry, _slash, repository = repo.partition("/")
    tags = _list(settings.get("tags") or settings.get("tag") or "latest")
    context = os.path.join(job.folder, str(settings.get("context") or "."))
    dockerfile = os.path.join(job.folder, str(settings.get("dockerfile") or os.path.join(context, "Dockerfile")))
    return Push(registry, repository, tags, _list(settings.get("platforms") or ""), context, dockerfile)


def _list(value: Any) -> List[str]:
    values = value if isinstance(value, list) else str(value).split(",")
    return [str(one).strip() for one in values if str(one).strip()]


class Target:
    """A registry as a builder reaches it: ``address``, ``scheme``, ``ca_path``, ``username``, ``password``."""

    def __init__(self, registries: Registries, registry: str) -> None:
        known = registries.get(registry, {})
        self.address: str = known.get("address") or registry
        self.secure = known.get("scheme", "https") == "https"
        self._ca_path: Optional[str] = known.get("ca_path")
        self.login: Optional[Tuple[str, str]] = (known["username"], known["password"]) if known.get("username") else None

    def connect(self) -> http.client.HTTPConnection:
        """A new connection, its certificate verified."""
        if not self.secure:
            return http.client.HTTPConnection(self.address, timeout=30)
        context = ssl.create_default_context(cafile=self._ca_path)
        return http.client.HTTPSConnection(self.address, timeout=30, context=context)


def images_builder(registries: Registries, seed: str = "") -> Builder:
    """Makes an image of the Dockerfile's text and the commit, and pushes it under every tag.

    With several platforms, or as buildx does with its attestations, it is an index.
    """

    def run(job: Job) -> int:
        asked = push_of(job)
        if asked is None:
            return nothing(job)
        text = ""
        if os.path.isfile(asked.dockerfile):
            with open(asked.dockerfile, encoding="utf-8") as file:
                text = file.read()
        marks = f"{seed}{asked.repository} {job.variables.get('CI_COMMIT_SHA')} {text}"
        is_buildx = "buildx" in str(job.spec.get("image"))
        made = build(marks, asked.platforms or [AMD64]) if is_buildx or len(asked.platforms) > 1 else image(marks)
        target = Target(registries, asked.registry)
        for tag in asked.tags:
            push(target, asked.repository, tag, made, target.login)
            job.say(f"pushed {asked.registry}/{asked.repository}:{tag} {made.digest}")
        return 0

    return run


def docker_builder(registries: Registries, environment: Optional[Dict[str, str]] = None) -> Builder:
    """Runs ``docker build`` (or buildx, for platforms) and ``docker push``; ``environment`` says where the engine is (DOCKER_HOST)."""

    def run(job: Job) -> int:
        asked = push_of(job)
        if asked is None:
            return nothing(job)
        target = Target(registries, asked.registry)
        folder = tempfile.mkdtemp(prefix="docker-config-")  # 0700, and gone afterwards with the login in it
        try:
            given = {**os.environ, **(environment or {}), "DOCKER_CONFIG": folder}
            if target.login:
                user, word = target.login
                code = _command(job, ["docker", "login", "--username", user, "--password-stdin", target.address], given, word)
                if code:
                    return code
            names = [f"{target.address}/{asked.repository}:{tag}" for tag in asked.tags]
            for command in _commands(asked, names):
                code = _command(job, command, given)
                if code:
                    return code
            return 0
        finally:
            shutil.rmtree(folder)

    return run


def _commands(asked: Push, names: List[str]) -> List[List[str]]:
    """What to run, one after the other."""
    tagged = [word for name in names for word in ("--tag", name)]
    where = ["--file", asked.dockerfile, asked.context]
    if len(asked.platforms) > 1:
        return [["docker", "buildx", "build", "--push", "--platform", ",".join(asked.platforms), *tagged, *where]]
    return [["docker", "build", *tagged, *where], *(["docker", "push", name] for name in names)]


def _command(job: Job, command: List[str], environment: Dict[str, str], given: str = "") -> int:
    """Run one to its end, ``given`` on its standard input and its output in the log; killed where the step is canceled."""
    job.say("+ " + " ".join(command))
    pipe, both = subprocess.PIPE, subprocess.STDOUT
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=both, env=environment, errors="replace") as process:
        if process.stdin is not None:
            process.stdin.write(given)
            process.stdin.close()
        ended = threading.Event()
        threading.Thread(target=_end, args=(process, job.canceled, ended), daemon=True).start()
        for line in process.stdout or ():
            job.say(line.rstrip("\n"))
        code = process.wait()
        ended.set()
    return code


def _end(process: subprocess.Popen[str], canceled: threading.Event, ended: threading.Event) -> None:
    while not ended.is_set():
        if canceled.wait(0.2):
            process.kill()
            return
