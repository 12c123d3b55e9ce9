# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Makes pipelines: by hand, by a push, or again from an older one, with every outcome that the real server has."""

from __future__ import annotations

import time
from typing import Dict, List, Optional

from .files import compile_files, read_files
from .model import Pipeline, Repository, Workflow
from .running import Agents, known_variables
from .world import World

_FETCH = "could not load config from forge: configFetcher: fallback did not find config: 502 bad gateway"


class Outcome(Exception):
    """An answer without a pipeline: a status, and whether it says that everything was filtered."""

    def __init__(self, status: int, *, filtered: bool = False, null: bool = False) -> None:
        self.status, self.filtered, self.null = status, filtered, null
        super().__init__(str(status))


class Creating:
    """Under the lock of the world, all of it."""

    def __init__(self, world: World, agents: Agents) -> None:
        self._world = world
        self._agents = agents

    def create(self, repository: Repository, event: str, branch: str, author: str, variables: Dict[str, str]) -> Pipeline:
        """A new pipeline. Raises Outcome for an answer without one."""
        world = self._world
        knows_branches = world.numbers >= (2, 7, 1)
        if not repository.active or (knows_branches and branch not in repository.branches):
            raise Outcome(500)
        one = world.add_pipeline(repository, event, branch, author, variables)
        one.message = f"MANUAL PIPELINE @ {branch}" if event == "manual" else "A change"
        if "config-fetch" in world.faults:
            self._refuse(one, [{"type": "generic", "message": _FETCH, "is_warning": False, "data": None}])
            raise Outcome(204) if world.numbers >= (3, 14) else Outcome(200, null=True)
        one.files = read_files(repository)
        self._fill(one, repository)
        return one

    def restart(self, repository: Repository, old: Pipeline, author: str, more: Dict[str, str]) -> Pipeline:
        """Another run of one, with the files that it had; ``more`` variables are not shown."""
        one = self._world.add_pipeline(repository, old.event, old.branch, old.author or author, dict(old.variables))
        one.commit, one.files, one.message, one.title = old.commit, old.files, old.message, old.title
        one.parent, one.rerun_count, one.cancel_info = old.number, old.rerun_count + 1, dict(old.cancel_info)
        self._fill(one, repository, more)
        return one

    def release(self, one: Pipeline) -> None:
        """A blocked one was approved."""
        one.status = "pending"
        for workflow in one.workflows:
            workflow.state, workflow.started, workflow.finished, workflow.agent_id = "pending", 0, 0, 0
            for step in workflow.steps:
                step.state, step.started, step.finished = "pending", 0, 0
        self._agents.take(one)

    def _fill(self, one: Pipeline, repository: Repository, more: Optional[Dict[str, str]] = None) -> None:
        world = self._world
        known = {**(more or {}), **known_variables(one, repository.full_name)}
        made = compile_files(one.files, known, repository.secrets, world.privileged_plugins)
        one.errors = made.errors
        if made.blocked:
            self._refuse(one, made.errors)
            return
        if not made.workflows:
            world.pipelines.remove(one)
            raise Outcome(204, filtered=True)
        state = "blocked" if "blocked" in world.faults else "pending"
        one.status = state
        for number, (name, steps) in enumerate(made.workflows.items(), 1):
            workflow = Workflow(world.new_id(), number, name, state=state)
            workflow.steps = [world.new_step("clone", "clone", {})]
            workflow.steps += [world.new_step(step, _kind(said), said) for step, said in steps]
            one.workflows.append(workflow)
        for number, step in enumerate(one.steps, len(one.workflows) + 1):
            step.pid, step.state = number, state
        world.save()
        if state == "pending":
            self._agents.take(one)

    def _refuse(self, one: Pipeline, errors: List[Dict[str, object]]) -> None:
        now = int(time.time())
        one.status, one.errors, one.started, one.finished, one.updated = "error", errors, now, now, now
        self._world.save()


def _kind(said: Dict[str, object]) -> str:
    return "commands" if "commands" in said or "entrypoint" in said else "plugin"
