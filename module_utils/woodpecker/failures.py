# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Lists the pipelines of repositories that failed since a time, each with its restarts as one. The brain of ``woodpecker_pipelines_info``."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence

from ..oci_registry.errors import AuthenticationFailed, BadInput, RegistryError, TLSFailure, Unreachable
from .api import Client
from .errors import NotWoodpecker
from .families import families, telling
from .masking import Masking, secrets_in
from .options import client_of
from .pipeline import Pipeline
from .repository import Repository
from .result import pipeline_result, step_result
from .verdict import Wanted, culprit, holds

#: Lists go by number, so by creation: how much longer than that a pipeline may take to end, in seconds
_LONGEST_RUN = 24 * 3600
#: after one of these no other repository can be looked at either
_OF_THE_SERVER = (TLSFailure, Unreachable, NotWoodpecker)


class Failures:
    """One look. ``run()`` once; ``result()`` afterwards."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._params = params
        self._masking = Masking([params["token"]])
        self._found: List[Dict[str, Any]] = []
        self._problems: List[Dict[str, str]] = []
        self._version = ""

    def run(self) -> None:
        """Look at every repository. Raises a RegistryError where the server or none of them can be looked at."""
        params = self._params
        if params["since"] < 0 or not params["timeout"] > 0:
            raise BadInput("since and timeout are seconds", advice="Give since from 0 on, and a timeout of more than 0")
        if not params["repositories"]:
            raise BadInput("no repository is named", advice="Give repositories")
        if any(not (one["workflow"] or one["step"]) for one in params["not_again"] or []):
            raise BadInput("not_again has an entry with neither workflow nor step", advice="Name one of them")
        client = client_of(params)
        names = list(dict.fromkeys(params["repositories"]))
        for name in names:
            try:
                self._found += self._of(client, name)
            except _OF_THE_SERVER:
                raise
            except RegistryError as error:
                if isinstance(error, AuthenticationFailed) or len(self._problems) + 1 == len(names):
                    raise
                self._problems.append({"repository": name, "msg": self.told(error), "code": error.code})
        self._found.sort(key=lambda one: (-one["finished"], one["repository"], -one["number"]))
        self._version = client.version

    def _of(self, client: Client, name: str) -> List[Dict[str, Any]]:
        repository = Repository(client, client.lookup(name))
        known: List[Pipeline] = []
        for page in repository.all():
            known += page
            if page and max(one.created for one in page) < self._params["since"] - _LONGEST_RUN:
                break
        found = []
        for family in families(known):
            failed = [one for one in family if one.status in self._params["statuses"]]
            if any(_ended(one) >= self._params["since"] for one in failed):
                found.append(self._one(repository, failed[0], [one for one in family if one.number > failed[0].number]))
        return found

    def _one(self, repository: Repository, first: Pipeline, restarts: Sequence[Pipeline]) -> Dict[str, Any]:
        """The first of a family that failed, with its workflows, which lists do not have, and what became of it afterwards."""
        pipeline = repository.pipeline(first.number)
        again = telling(restarts)
        shown = {
            **pipeline_result(pipeline, repository.url(pipeline.number)),
            "repository": repository.name,
            "finished": _ended(pipeline),
            "failed_step": step_result(culprit(pipeline)),
            "restarted_as": again.number if again else 0,
            "restarted_status": again.status if again else "",
            "left_out": _done(again) or self._not_again(repository, pipeline),
        }
        del shown["variables"]
        masked: Dict[str, Any] = Masking([self._params["token"], *secrets_in(pipeline.variables)]).data(shown)
        return masked

    def _not_again(self, repository: Repository, pipeline: Pipeline) -> str:
        """Which step of it must not run again; empty for none. What a pipeline without workflows would run is not known."""
        for entry in self._params["not_again"] or []:
            wanted = Wanted.of(entry["workflow"], entry["step"])
            if not repository.is_named(entry["repository"]):
                continue
            if not pipeline.workflows:
                return f"it may run {wanted}: which workflows it has is not known"
            if holds(pipeline, wanted):
                return f"it runs {wanted}"
        return ""

    def told(self, error: RegistryError) -> str:
        """An error as one sentence, without secrets."""
        return self._masking.text(str(error))

    def result(self) -> Dict[str, Any]:
        """What the module returns: plain JSON types."""
        return {"pipelines": self._found, "problems": self._problems, "server_version": self._version}


def _ended(pipeline: Pipeline) -> int:
    """When it ended; a time that is not told is that of its creation."""
    return pipeline.finished or pipeline.started or pipeline.created


def _done(again: Optional[Pipeline]) -> str:
    """Why nothing is left to do for one that was run again; empty where that failed, too."""
    if again is None or (again.ended and again.status != "success"):
        return ""
    how = {"success": "was a success", "blocked": "waits for approval"}.get(again.status, f"is {again.status}")
    return f"run again as {again.number}, which {how}"
