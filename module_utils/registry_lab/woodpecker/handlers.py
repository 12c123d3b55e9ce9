# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the server does for each route, once it is clear who asks and may. No I/O."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from . import shapes
from .creating import Creating, Outcome
from .model import ENDED, Pipeline, Repository, User
from .running import Agents
from .world import World

JSON, TEXT = "application/json; charset=utf-8", "text/plain; charset=utf-8"
_EVENTS = (
    "push",
    "pull_request",
    "pull_request_closed",
    "pull_request_metadata",
    "tag",
    "release",
    "deployment",
    "cron",
    "manual",
)
_STATUSES = (*ENDED, "pending", "running", "blocked", "created")


class Reply(NamedTuple):
    """``body`` is the text; ``headers`` are those beside type, length and version."""

    status: int
    body: str = ""
    kind: str = ""
    headers: Tuple[Tuple[str, str], ...] = ()


class Request(NamedTuple):
    """One request, by somebody or nobody. ``groups`` is what its path names beside the repository."""

    path: str
    query: Dict[str, str]
    user: Optional[User]
    body: bytes
    groups: List[str]

    @property
    def login(self) -> str:
        """Who asks; empty for nobody."""
        return self.user.login if self.user else ""


def shown(document: Any) -> Reply:
    """200 with JSON."""
    return Reply(200, json.dumps(document, separators=(",", ":"), ensure_ascii=False), JSON)


def _page(found: List[Any], query: Dict[str, str]) -> List[Any]:
    """A page of a list; what cannot be read as a number is the first one, of 50."""
    size, page = _number(query.get("perPage")), _number(query.get("page"))
    size = size if 1 <= size <= 50 else 50
    page = max(1, page)
    return found[(page - 1) * size : page * size]


def _number(text: Optional[str]) -> int:
    return int(text) if text and text.isdigit() else 0


def _passes(one: Pipeline, query: Dict[str, str]) -> bool:
    """Whether a list with these filters has a pipeline."""
    events = [event for event in query.get("event", "").split(",") if event]
    branch, status = query.get("branch"), query.get("status")
    return not ((events and one.event not in events) or (branch and one.branch != branch) or (status and one.status != status))


class Handlers:
    """Under the lock of the world, all of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.agents = Agents(world)
        self.creating = Creating(world, self.agents)

    def may(self, user: Optional[User], repository: Repository, right: str) -> bool:
        """Whether somebody has a right in a repository."""
        return bool(user and user.admin) or repository.may(user.login if user else "", right)

    def user(self, request: Request) -> Reply:
        """Who asks."""
        return shown(shapes.user(request.user)) if request.user else Reply(401)

    def token(self, request: Request) -> Reply:
        """The token of who asks; it stays what it is."""
        return Reply(200, request.user.token if request.user else "", TEXT)

    def no_secrets(self, request: Request) -> Reply:
        """Of the organisation and of the server."""
        return shown([])

    def repository(self, request: Request, repository: Repository) -> Reply:
        """A repository."""
        return shown(shapes.repository(repository, self.world.numbers))

    def permissions(self, request: Request, repository: Repository) -> Reply:
        """What the user may do."""
        rights = {right: self.may(request.user, repository, right) for right in ("pull", "push", "admin")}
        return shown({**rights, "synced": 0, "created": 0, "updated": 0})

    def branches(self, request: Request, repository: Repository) -> Reply:
        """Names of branches."""
        if not repository.active:
            return Reply(404)
        if "forge-down" in self.world.faults:
            return Reply(500, "502 bad gateway", TEXT)
        return shown(_page(repository.branches, request.query))

    def secrets(self, request: Request, repository: Repository) -> Reply:
        """Secrets without their values."""
        found = [shapes.secret(one, number, repository) for number, one in enumerate(repository.secrets, 1)]
        return shown(_page(found, request.query))

    def list_pipelines(self, request: Request, repository: Repository) -> Reply:
        """Pipelines, newest first."""
        found, query = self.world.of(repository), request.query
        if self.world.numbers >= (3,):
            if any(one not in _EVENTS for one in query.get("event", "").split(",") if one):
                return Reply(400)
            if query.get("status", "pending") not in _STATUSES:
                return Reply(400)
            found = [one for one in found if _passes(one, query)]
        return shown([shapes.pipeline(one, repository, self.world.version, whole=False) for one in _page(found, query)])

    def get_pipeline(self, request: Request, repository: Repository) -> Reply:
        """One pipeline."""
        if not request.groups[0].isdigit():
            return Reply(404 if request.groups[0] == "latest" else 400)
        one = self.world.pipeline(repository, int(request.groups[0]))
        return self.pipeline(one, repository) if one else Reply(404)

    def pipeline(self, one: Pipeline, repository: Repository) -> Reply:
        """One pipeline as JSON."""
        return shown(shapes.pipeline(one, repository, self.world.version))

    def create(self, request: Request, repository: Repository) -> Reply:
        """A manual pipeline."""
        try:
            asked = json.loads(request.body)
            branch, variables = str(asked.get("branch") or ""), asked.get("variables") or {}
        except (ValueError, AttributeError):
            return Reply(400)
        if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
            return Reply(400)
        login = request.login
        return self._made(repository, lambda: self.creating.create(repository, "manual", branch, login, variables))

    def _made(self, repository: Repository, make: Callable[[], Pipeline]) -> Reply:
        try:
            return self.pipeline(make(), repository)
        except Outcome as outcome:
            if outcome.null:
                return Reply(200, "null", JSON)
            told = outcome.filtered and self.world.numbers >= (2, 1)
            return Reply(outcome.status, headers=(("Pipeline-Filtered", "true"),) if told else ())

    def restart(self, request: Request, repository: Repository) -> Reply:
        """Another run of a pipeline."""
        one = self.world.pipeline(repository, int(request.groups[0])) if request.groups[0].isdigit() else None
        if one is None:
            return Reply(404)
        event = request.query.get("event")
        if event:
            return Reply(403 if event == "deployment" else 400)
        if one.status == "blocked":
            return Reply(400, "cannot restart a pipeline with status blocked", TEXT)
        more = {name: value for name, value in request.query.items() if name not in ("fork", "event", "deploy_to")}
        login = request.login
        return self._made(repository, lambda: self.creating.restart(repository, one, login, more))

    def act(self, request: Request, repository: Repository) -> Reply:
        """Cancel, approve or decline."""
        number, what = request.groups
        one = self.world.pipeline(repository, int(number)) if number.isdigit() else None
        if one is None:
            return Reply(404)
        if what == "cancel":
            if one.status not in ("pending", "running", "blocked"):
                return Reply(400, "Cannot cancel a non-running or non-pending or non-blocked pipeline", TEXT)
            self.agents.cancel(one, request.login)
            return Reply(204)
        if one.status != "blocked":
            return Reply(400, f"cannot approve a pipeline with status {one.status}", TEXT) if what == "approve" else Reply(500)
        if what == "approve":
            self.creating.release(one)
        else:
            one.status = "declined"
            for workflow in one.workflows:
                workflow.state = "declined"
            for step in one.steps:
                step.state = "declined"
        return self.pipeline(one, repository)

    def log(self, request: Request, repository: Repository) -> Reply:
        """The log of a step."""
        one = self.world.pipeline(repository, int(request.groups[0])) if request.groups[0].isdigit() else None
        step = next((step for step in one.steps if str(step.id) == request.groups[1]), None) if one else None
        return shown(shapes.log(step)) if step else Reply(404)

    def queue(self, request: Request) -> Reply:
        """What waits and what runs."""
        tasks: Dict[str, List[Dict[str, Any]]] = {"pending": [], "running": []}
        for one, workflow in self.world.queued():
            tasks[workflow.state].append(shapes.task(workflow, one, self.world.repository_of(one)))
        return shown(shapes.queue(tasks["pending"], tasks["running"], self.agents.waiting, paused=self.world.paused))

    def pause(self, request: Request) -> Reply:
        """Pause the queue, or let it go on."""
        self.world.switch(paused=request.groups[0] == "pause")
        return Reply(204)
