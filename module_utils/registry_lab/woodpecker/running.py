# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The agents: each pipeline runs in a thread of its own once an agent is free, step by step, and can be ended at any time."""

from __future__ import annotations

import threading
import time
from typing import Any, Dict, Tuple

from .building import Job
from .model import ENDED, Pipeline, Step, Workflow
from .substituting import runs_after, substituted
from .world import World


class Agents:
    """They work for a ``world``."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._canceled: Dict[int, threading.Event] = {}
        self._busy = 0

    @property
    def waiting(self) -> int:
        """How many of them wait for work, as the queue counts them: busy ones are left out."""
        return max(0, self._world.agents - self._busy)

    def take(self, one: Pipeline) -> None:
        """Run a pipeline once one of them is free."""
        self._canceled[one.id] = threading.Event()
        threading.Thread(target=self._run, args=(one,), daemon=True).start()

    def cancel(self, one: Pipeline, who: str) -> None:
        """End a pipeline; under the lock of the world."""
        was_running, now = one.status == "running", int(time.time())
        never = self._world.numbers >= (3, 14) and not was_running
        one.status, one.finished, one.updated = ("canceled" if never else "killed"), now, now
        one.cancel_info = {"canceled_by_user": who}
        for workflow in one.workflows:
            if workflow.state in ENDED:
                continue
            for step in workflow.steps:
                if step.state == "running":
                    step.state, step.exit_code, step.finished = "killed", 137, now
                elif step.state in ("pending", "blocked"):
                    step.state = "canceled" if never else "skipped"
            workflow.state = "skipped" if workflow.state != "running" else "killed"
        self._canceled.setdefault(one.id, threading.Event()).set()
        self._world.changed.notify_all()
        self._world.save()

    def _run(self, one: Pipeline) -> None:
        world = self._world
        with world.changed:
            world.changed.wait_for(lambda: one.status != "pending" or (self.waiting > 0 and not world.paused))
            if one.status != "pending":
                return
            self._busy += 1
            one.status, one.started = "running", int(time.time())
        try:
            for workflow in one.workflows:
                self._run_workflow(one, workflow)
        finally:
            with world.changed:
                self._busy -= 1
                self._end(one)
                world.changed.notify_all()
                world.save()

    def _end(self, one: Pipeline) -> None:
        if one.status == "running":
            bad = any(workflow.state != "success" for workflow in one.workflows)
            one.status, one.finished = "failure" if bad else "success", int(time.time())
            one.updated = one.finished

    def _run_workflow(self, one: Pipeline, workflow: Workflow) -> None:
        failed = False
        with self._world.changed:
            if one.status != "running":
                return
            workflow.state, workflow.started, workflow.agent_id = "running", int(time.time()), 1
        for step in workflow.steps:
            with self._world.changed:
                if one.status != "running":
                    return
                if not runs_after(step.spec.get("when"), failed=failed):
                    step.state = "skipped"
                    continue
                step.state, step.started = "running", int(time.time())
                self._world.changed.notify_all()
            code, error = self._do(one, workflow, step)
            with self._world.changed:
                if one.status != "running":
                    return
                step.exit_code, step.error, step.finished = code, error, int(time.time())
                step.state = "failure" if code else "success"
                failed = failed or (bool(code) and step.spec.get("failure") != "ignore")
        with self._world.changed:
            workflow.state, workflow.finished = "failure" if failed else "success", int(time.time())

    def _do(self, one: Pipeline, workflow: Workflow, step: Step) -> Tuple[int, str]:
        """Exit code and error of a step."""
        repository = self._world.repository_of(one)

        def say(line: str) -> None:
            step.log.append(line.encode("utf-8", "surrogateescape").decode("latin-1"))

        if step.type == "clone":
            say(f"+ git checkout {one.commit}")
            return 0, ""
        if "pushes-nothing" in self._world.faults:
            say("done")
            return 0, ""
        variables = known_variables(one, repository.full_name)
        spec = _filled(step.spec, variables)
        canceled = self._canceled[one.id]
        try:
            job = Job(repository.folder, repository.full_name, workflow.name, step.name, spec, variables, say, canceled)
            return self._world.builder(job), ""
        except Exception as error:  # a step that fails, whatever of it does, is no end of the agent
            say(f"{type(error).__name__}: {error}")
            return 1, ""


def known_variables(one: Pipeline, full_name: str) -> Dict[str, str]:
    """What steps and conditions see."""
    return {
        **one.variables,
        "CI": "woodpecker",
        "CI_REPO": full_name,
        "CI_COMMIT_SHA": one.commit,
        "CI_COMMIT_BRANCH": one.branch,
        "CI_COMMIT_REF": one.branch if one.event == "manual" else f"refs/heads/{one.branch}",
        "CI_PIPELINE_EVENT": one.event,
        "CI_PIPELINE_NUMBER": str(one.number),
    }


def _filled(value: object, variables: Dict[str, str]) -> Dict[str, Any]:
    """What a workflow file says, with variables filled in: the real server does that before it parses."""
    filled = _fill(value, variables)
    return filled if isinstance(filled, dict) else {}


def _fill(value: object, variables: Dict[str, str]) -> object:
    if isinstance(value, str):
        return substituted(value, variables)
    if isinstance(value, dict):
        return {key: _fill(inner, variables) for key, inner in value.items()}
    return [_fill(inner, variables) for inner in value] if isinstance(value, list) else value
