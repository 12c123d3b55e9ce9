# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""All that a server knows, under one lock; and what a test or a lab may switch: agents, the queue, faults."""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
import uuid
from dataclasses import asdict
from typing import Any, Dict, Iterator, List, Optional, Tuple

from .building import Builder, nothing
from .model import ENDED, Pipeline, Repository, Step, User, Workflow
from .shapes import Version, version_of

#: what can be made to go wrong
FAULTS = (
    "html",  # every answer of the API is the web page
    "unavailable",  # every answer is 502, as of a proxy
    "silent",  # every connection is closed without an answer
    "lost-answer",  # what a POST asks for is done, and its connection closed
    "proxy-answer",  # what a POST asks for is done, and a proxy answers 524
    "page-answer",  # what a POST asks for is done, and answered with the web page
    "broken-answer",  # what a POST asks for is done, and answered with half of it
    "other-answer",  # what a POST asks for is done, and answered with something else
    "fault-answer",  # what a POST asks for is done, and answered 500
    "lost-request",  # a POST is not even read
    "config-fetch",  # the forge does not give the workflow files
    "forge-down",  # branches cannot be listed
    "server-error",  # a POST answers 500
    "blocked",  # what is created waits for approval
    "pushes-nothing",  # a build says success and does nothing
)


class World:
    """``state`` is a file that pipelines are kept in, so that a server that is started again still has them."""

    def __init__(self, version: str = "3.17.0", builder: Builder = nothing, state: str = "") -> None:
        self.version = version
        self.builder = builder
        self.users: List[User] = []
        self.repositories: List[Repository] = []
        self.pipelines: List[Pipeline] = []
        self.privileged_plugins: List[str] = ["woodpeckerci/plugin-docker-buildx"]
        self.agents = 1
        self.paused = False
        self.faults: Dict[str, Any] = {}
        self.changed = threading.Condition(threading.RLock())
        self._ids = itertools.count(101)
        self._state = state

    @property
    def numbers(self) -> Version:
        """The version, to compare."""
        return version_of(self.version)

    def add_user(self, login: str, token: str, *, admin: bool = False) -> User:
        """Let somebody in."""
        self.users.append(User(len(self.users) + 1, login, token, admin))
        return self.users[-1]

    def add_repository(self, full_name: str, **fields: Any) -> Repository:
        """Activate a repository; ``fields`` are those of :class:`Repository`."""
        self.repositories.append(Repository(len(self.repositories) + 1, full_name, **fields))
        return self.repositories[-1]

    def switch(self, **what: Any) -> None:
        """Change ``agents``, ``paused`` or ``faults`` (a list, or a dict with what each needs)."""
        with self.changed:
            for name, value in what.items():
                if name not in ("agents", "paused", "faults"):
                    raise ValueError(f"nothing is called {name}")
                setattr(self, name, dict.fromkeys(value, True) if isinstance(value, list) else value)
            unknown = set(self.faults) - set(FAULTS)
            if unknown:
                raise ValueError(f"no faults: {sorted(unknown)}")
            self.changed.notify_all()

    def new_id(self) -> int:
        """An id that nothing else has."""
        return next(self._ids)

    def of(self, repository: Repository) -> List[Pipeline]:
        """Its pipelines, newest first."""
        found = [one for one in self.pipelines if one.repo_id == repository.id]
        return sorted(found, key=lambda one: -one.number)

    def pipeline(self, repository: Repository, number: int) -> Optional[Pipeline]:
        """One of them."""
        return next((one for one in self.of(repository) if one.number == number), None)

    def add_pipeline(self, repository: Repository, event: str, branch: str, author: str, variables: Dict[str, str]) -> Pipeline:
        """A new one with nothing in it."""
        number = max((one.number for one in self.of(repository)), default=0) + 1
        now = int(time.time())
        made = Pipeline(self.new_id(), number, repository.id, event, branch, repository.commit(branch), author, now, variables)
        made.updated = now
        self.pipelines.append(made)
        return made

    def queued(self) -> Iterator[Tuple[Pipeline, Workflow]]:
        """Every workflow that waits for an agent or has one."""
        for one in self.pipelines:
            for workflow in one.workflows:
                if one.status in ("pending", "running") and workflow.state in ("pending", "running"):
                    yield one, workflow

    def repository_of(self, one: Pipeline) -> Repository:
        """The repository of a pipeline."""
        return self.repositories[one.repo_id - 1]

    def new_step(self, name: str, kind: str, spec: Dict[str, Any]) -> Step:
        """A step that has yet to run."""
        return Step(self.new_id(), uuid.uuid4().hex.upper()[:26], 0, name, kind, spec)

    def save(self) -> None:
        """Write all pipelines to the file of the state."""
        if not self._state:
            return
        with self.changed, open(f"{self._state}.new", "w", encoding="utf-8") as file:
            json.dump([asdict(one) for one in self.pipelines], file)
        os.replace(f"{self._state}.new", self._state)

    def load(self) -> None:
        """Read them again; what was under way ended with the server that ran it."""
        if not os.path.exists(self._state):
            return
        with open(self._state, encoding="utf-8") as file:
            self.pipelines = [_pipeline(one) for one in json.load(file)]
        highest = max((step.id for one in self.pipelines for step in one.steps), default=100)
        self._ids = itertools.count(max([highest, *(one.id for one in self.pipelines)]) + 1)
        for one in self.pipelines:
            if one.status not in ENDED:
                one.status, one.finished = "killed", int(time.time())


def _pipeline(fields: Dict[str, Any]) -> Pipeline:
    workflows = [Workflow(**{**each, "steps": [Step(**step) for step in each["steps"]]}) for each in fields.pop("workflows")]
    return Pipeline(**fields, workflows=workflows)
