# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A repository of a server: its pipelines, its branches, its logs, and what can be asked for."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple, Optional
from urllib.parse import quote

from ..oci_registry.errors import AuthenticationFailed, RegistryError
from .api import PER_PAGE, Answer, Client
from .log import read_log
from .pipeline import Pipeline, read_pipeline, read_pipelines


class Queue(NamedTuple):
    """What the queue of a server looks like. ``waiting``: agents that wait for work; busy ones are not among them."""

    paused: bool
    waiting: int
    running: int


class Repository:
    """One that :meth:`Client.lookup` found."""

    def __init__(self, client: Client, known: Dict[str, Any]) -> None:
        self.client = client
        self.known = known
        self.name = str(known.get("full_name") or known["id"])
        self.where = f"{client.address}, {self.name}"
        self._path = f"/repos/{known['id']}"

    @property
    def default_branch(self) -> str:
        """The branch that the forge has as the main one; empty where the server does not say."""
        return str(self.known.get("default_branch") or "")

    def is_named(self, name: str) -> bool:
        """Whether it is meant by ``owner/name`` or by a number."""
        return name.lower() in (self.name.lower(), str(self.known["id"]))

    def url(self, number: int) -> str:
        """Where a person sees a pipeline."""
        return f"{self.client.address}{self._path}/pipeline/{number}"

    def place(self, number: int) -> str:
        """A pipeline as errors name it."""
        return f"{self.where}, pipeline {number} ({self.url(number)})"

    def newest(self) -> List[Pipeline]:
        """The newest pipelines, newest first, without their workflows; no more than one page."""
        path = f"{self._path}/pipelines"
        return read_pipelines(self.client.get(f"{path}?page=1&perPage={PER_PAGE}").body, self.where)

    def all(self) -> Iterator[List[Pipeline]]:
        """All of them, page by page, newest first."""
        for page in self.client.paged(f"{self._path}/pipelines"):
            yield read_pipelines(page, self.where)

    def pipeline(self, number: int) -> Pipeline:
        """One of them, with its workflows."""
        return read_pipeline(self.client.get(f"{self._path}/pipelines/{number}").body, self.where)

    def log(self, number: int, step: int) -> List[str]:
        """The whole log of a step."""
        return read_log(self.client.get(f"{self._path}/logs/{number}/{step}").body, self.where)

    def branches(self) -> List[str]:
        """Names of all branches."""
        return self.client.names(f"{self._path}/branches")

    def may_push(self) -> Optional[bool]:
        """Whether the token has the right to start something; None where the server does not say."""
        body = self.client.get(f"{self._path}/permissions").body
        push = body.get("push") if isinstance(body, dict) else None
        return push if isinstance(push, bool) else None

    def queue(self) -> Optional[Queue]:
        """What the queue looks like; None for a token that may not see it, and for a server that does not say."""
        try:
            body = self.client.get("/queue/info").body
        except AuthenticationFailed:
            return None
        stats = body.get("stats") if isinstance(body, dict) else None
        if not isinstance(stats, dict):
            return None
        waiting, running = (stats.get(name) or 0 for name in ("worker_count", "running_count"))
        if not (isinstance(waiting, int) and isinstance(running, int)):
            return None
        return Queue(body.get("paused") is True, waiting, running)

    def start(self, branch: str, variables: Dict[str, str]) -> Answer:
        """Ask for a manual pipeline."""
        return self.client.request("POST", f"{self._path}/pipelines", {"branch": branch, "variables": variables})

    def restart(self, number: int) -> Answer:
        """Ask for another run of a pipeline: it gets a number of its own."""
        return self.client.request("POST", f"{self._path}/pipelines/{quote(str(number))}")

    def cancel(self, number: int) -> str:
        """End a pipeline; returns why that cannot be done, empty where it was."""
        try:
            answer = self.client.request("POST", f"{self._path}/pipelines/{number}/cancel")
        except RegistryError as error:
            return error.what
        return (answer.said or f"the server answered {answer.status}") if answer.status >= 400 else ""
