# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A Woodpecker server for tests: the lab's, in this process. Every answer that it gives must be one that the contract describes."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.woodpecker.building import Job, nothing
from ansible.module_utils.registry_lab.woodpecker.creating import Creating
from ansible.module_utils.registry_lab.woodpecker.model import Pipeline, Repository
from ansible.module_utils.registry_lab.woodpecker.server import Exchange, WoodpeckerServer
from ansible.module_utils.registry_lab.woodpecker.world import World
from ansible.module_utils.woodpecker.clock import Clock

from plugins.contract_of_woodpecker import Contract

TOKEN = "a.token-of.dev"
SECONDS = 20.0
_OTHERS = ("proxy-answer", "page-answer", "broken-answer", "other-answer")
WORKFLOW = """\
when:
  - {event: push, branch: master}
  - {event: manual, branch: master}
steps:
  - name: build-and-push
    image: woodpeckerci/plugin-docker-buildx
    settings:
      repo: REGISTRY/infra-ci
      tags: [latest, "${CI_COMMIT_SHA:0:8}"]
  - name: verify-integrity
    image: python:3.12.8-slim-bookworm
    commands: [python3 ci/registry-doctor.pyz verify]
"""


class Woodpecker:
    """A server with the repository o/infra, whose workflow is that of the incident. ``do`` is what its steps do, by name."""

    def __init__(self, folder: Path, version: str = "3.17.0", prefix: str = "") -> None:
        self.folder = folder
        self.world = World(version, self._build)
        for login in ("dev", "reader", "root"):
            self.world.add_user(login, f"a.token-of.{login}", admin=login == "root")
        self.exchanges: list[Exchange] = []
        self.answers: list[Exchange] = []  # those that the server itself gave
        self.do: dict[str, Callable[[Job], int]] = {}
        self.jobs: list[Job] = []
        self.over = threading.Event()
        self._once: list[tuple[str, Callable[[], object]]] = []
        self.repository = self.add("o/infra", WORKFLOW)
        self.server = WoodpeckerServer(self.world, prefix=prefix, note=self._note)

    def _note(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        if not {"html", "unavailable", "silent", *_OTHERS} & set(self.world.faults):
            self.answers.append(exchange)
        due = [one for one in self._once if one[0] in f"{exchange.method} {exchange.target}"]
        for one in due:
            self._once.remove(one)
            one[1]()

    def once(self, asked: str, do: Callable[[], object]) -> None:
        """Do something when it has been asked for something, before that is answered: ``GET /api/...``, or a part of it."""
        self._once.append((asked, do))

    def add(self, full_name: str, workflow: str | None = None, **fields: Any) -> Repository:
        """One more repository, with one workflow file or none."""
        checkout = self.folder / full_name.replace("/", "-")
        given = {"branches": ["master", "feature"], "rights": {"dev": "push"}, "folder": str(checkout), **fields}
        made: Repository = self.world.add_repository(full_name, **given)
        checkout.mkdir(parents=True)
        if workflow is not None:
            self.write("build-ci-image.yml", workflow, made)
        return made

    def write(self, name: str, text: str, repository: Repository | None = None) -> None:
        """Write a workflow file."""
        path = Path((repository or self.repository).folder) / ".woodpecker" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def _build(self, job: Job) -> int:
        self.jobs.append(job)
        code: int = self.do.get(job.step, nothing)(job)
        return code

    def options(self, **changes: Any) -> dict[str, Any]:
        """Options of the module that name it; quick ones."""
        plain = {"server": self.server.address, "token": TOKEN, "repository": "o/infra", "interval": 0.02, "timeout": SECONDS}
        return {**plain, **changes}

    def described(self, repository: Repository | None = None) -> dict[str, Any]:
        """The server and one of its repositories, o/infra or another, as an inventory describes a pipeline that builds an image."""
        return {**self.options(), "repository": (repository or self.repository).full_name, "branch": "master"}

    def pipelines(self) -> list[Pipeline]:
        """Those of o/infra, newest first."""
        found: list[Pipeline] = self.world.of(self.repository)
        return found

    def create(self, **variables: str) -> Pipeline:
        """Somebody else starts one by hand."""
        return self.create_in(self.repository, **variables)

    def create_in(self, repository: Repository, **variables: str) -> Pipeline:
        """The same in another repository."""
        with self.world.changed:
            made: Pipeline = self._creating.create(repository, "manual", "master", "root", variables)
        return made

    def restart(self, number: int) -> Pipeline:
        """Somebody else runs one of o/infra again."""
        with self.world.changed:
            old = self.world.pipeline(self.repository, number)
            made: Pipeline = self._creating.restart(self.repository, old, "root", {})
        return made

    @property
    def _creating(self) -> Creating:
        creating: Creating = self.server.answering._handlers.creating
        return creating

    def wait_for(self, pipeline: Pipeline, *states: str) -> None:
        """Wait until a pipeline has one of these states."""
        with self.world.changed:
            assert self.world.changed.wait_for(lambda: pipeline.status in states, SECONDS), pipeline.status

    def once_running(self, pipeline: int = 1) -> None:
        """The first look at a pipeline comes back only when it runs; so the second one sees that."""

        def wait() -> None:
            self.wait_for(next(one for one in self.pipelines() if one.number == pipeline), "running")

        self.once(f"GET /api/repos/1/pipelines/{pipeline}", wait)

    def held(self, step: str, code: int = 0) -> threading.Event:
        """Let a step run until it is let go (or canceled); it then ends with this code."""
        let_go = threading.Event()

        def wait(job: Job) -> int:
            while not (let_go.wait(0.02) or job.canceled.is_set() or self.over.is_set()):
                pass
            return code

        self.do[step] = wait
        return let_go

    def posts(self) -> list[str]:
        """Where something was asked for, in order."""
        return [exchange.target for exchange in self.exchanges if exchange.method == "POST"]

    def asked(self, part: str) -> list[str]:
        """What was asked that has this in its address."""
        return [exchange.target for exchange in self.exchanges if part in exchange.target]


TimeIsOver = Callable[[int], None]


@pytest.fixture
def time_is_over(monkeypatch: pytest.MonkeyPatch) -> TimeIsOver:
    """``time_is_over(looks)``: after so many pauses between looks there is no time left, however fast this machine is."""

    def end_after(looks: int) -> None:
        taken = itertools.count(1)
        monkeypatch.setattr(Clock, "pause", lambda _clock: next(taken) <= looks)

    return end_after


StartWoodpecker = Callable[..., Woodpecker]


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The contract of 3.17.0."""
    return Contract()


@pytest.fixture
def start_woodpecker(tmp_path: Path, contract: Contract) -> Iterator[StartWoodpecker]:
    """``start_woodpecker(version, prefix)`` starts one more. At the end, every answer of those of 3.17.0 is held against the contract."""
    started: list[Woodpecker] = []

    def start(version: str = "3.17.0", prefix: str = "") -> Woodpecker:
        made = Woodpecker(tmp_path / f"woodpecker-{len(started)}", version, prefix)
        made.server.__enter__()
        started.append(made)
        return made

    yield start
    for one in started:
        one.over.set()
        one.server.__exit__()
        for exchange in one.answers if one.world.version == "3.17.0" else ():
            if exchange.status:
                target = exchange.target.removeprefix(one.server.prefix)
                contract.check(exchange.method, target, exchange.status, exchange.kind, exchange.body)


@pytest.fixture
def woodpecker(start_woodpecker: StartWoodpecker) -> Woodpecker:
    """One of 3.17.0."""
    return start_woodpecker()
