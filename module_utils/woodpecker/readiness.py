# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Looks beforehand at what would keep a pipeline from starting or from being picked up. Raises what is certain, warns of what cannot be told."""

from __future__ import annotations

import difflib
import os
from typing import Dict, List, Optional, Sequence

from ..oci_registry.errors import AuthenticationFailed, BadInput, RegistryError
from .asking import secrets_of, seen_plugins
from .checkout import files_of, takes, takes_step
from .clock import Clock
from .errors import (
    BranchMissing,
    Deactivated,
    Filtered,
    NoAgent,
    NotFound,
    QueuePaused,
    SecretForOtherEvents,
    SecretNotManual,
    WantedMissing,
)
from .linting import check_lint
from .preflight import check_plugins, check_secrets
from .repository import Repository
from .verdict import Wanted
from .workflow import Workflow, read_workflow

#: Up to version 2 the plugins that push may do so without anybody's leave
_LETS_THROUGH = ("1.", "2.")
_PUSH = "Use the token of a user who may push to the repository"


def check_repository(repository: Repository) -> None:
    """Raises where it is switched off, or the token may not start anything in it."""
    if repository.known.get("active") is False:
        raise Deactivated("is deactivated", where=repository.where, advice="Activate it in Woodpecker")
    try:
        may_push = repository.may_push()
    except NotFound:
        may_push = False
    if may_push is False:
        repository.client.get("/user")  # a token that is none may read what is public, and is told here
        raise AuthenticationFailed("the token may not start pipelines (no right to push)", where=repository.where, advice=_PUSH)


def check_branch(repository: Repository, branch: str) -> List[str]:
    """Raises where it is not there; returns a warning where the forge does not tell."""
    if not branch.strip():
        raise BadInput("there is no branch to run", where=repository.where, advice="Give branch")
    try:
        known = repository.branches()
    except RegistryError as error:
        return [f"whether branch {branch} exists cannot be told: {error.what}"]
    if branch in known:
        return []
    close = difflib.get_close_matches(branch, known, 1) or [name for name in (repository.default_branch,) if name in known]
    advice = f"Did you mean {close[0]}?" if close else "Push it first"
    raise BranchMissing(f"has no branch {branch}", where=repository.where, advice=advice)


def check_queue(repository: Repository, clock: Clock) -> None:
    """Raises where the token may see the queue, and nothing in it will start.

    Agents that are busy do not count as waiting, nor does one that is just asking again: so a second look decides.
    """
    for again in (True, False):
        queue = repository.queue()
        if queue is None:
            return
        if queue.paused:
            advice = "Let an admin of the server resume it"
            raise QueuePaused(
                "the queue of the server is paused, so nothing starts", where=repository.client.address, advice=advice
            )
        if queue.waiting or queue.running:
            return
        if not again or not clock.pause():
            break
    raise NoAgent("no agent is connected, so nothing starts", where=repository.client.address, advice="Start an agent")


def check_files(repository: Repository, path: str, branch: str, wanted: Sequence[Wanted]) -> List[str]:
    """Hold the workflow files at ``path`` (a checkout, or one file) against what the server knows; returns warnings.

    It reads the files that no manual run takes as well, since the server refuses all of them for a fault of one.
    """
    given = files_of(path, str(repository.known.get("config_file") or ""))
    read = {Wanted.of(file, "").workflow: read_workflow(file, content) for file, content in given.items()}
    taken = {name: workflow for name, workflow in read.items() if takes(workflow, branch)}
    if not taken:
        what = f"no workflow takes a manual run of branch {branch}"
        raise Filtered(what, where=path, advice="Add an item with event manual to its when, as woodpecker_workflow does")
    if os.path.isdir(path):
        _check_wanted(taken, wanted, path, branch)
    seen = seen_plugins(repository.client, repository.known)
    warnings: List[str] = []
    for workflow in read.values():
        check_lint(workflow, repository.known.get("trusted"))
        found = check_plugins(workflow, None, seen.refused, "let it take any pipeline of the repository, such as that of a push")
        warnings += [] if seen.passed or repository.client.version.startswith(_LETS_THROUGH) else found
    known = secrets_of(repository.client, repository.known)
    for workflow in taken.values():
        try:
            warnings += check_secrets(workflow, known, manual=True)
        except SecretForOtherEvents as error:
            raise SecretNotManual(error.what, where=error.where, advice=error.advice) from None
    return warnings


def _check_wanted(taken: Dict[str, Workflow], wanted: Sequence[Wanted], path: str, branch: str) -> None:
    for one in wanted:
        workflows = [taken[name] for name in taken if one.workflow in ("", name)]
        steps = [(workflow, workflow.step(one.step)) for workflow in workflows if one.step and workflow.step(one.step)]
        if not (steps if one.step else workflows):
            what = f"{one} is in no workflow that takes a manual run of this branch"
            raise WantedMissing(what, where=path, advice=f"There are workflows {', '.join(sorted(taken))}")
        if steps and not any(takes_step(workflow, step, branch) for workflow, step in steps):
            what = f"a manual run of branch {branch} leaves out {one}, by the when of the step"
            raise WantedMissing(what, where=path, advice="Add an item with event manual to that, as woodpecker_workflow does")


def why_waiting(repository: Repository) -> Optional[RegistryError]:
    """Why a pipeline is still pending, where that can be told."""
    try:
        check_queue(repository, Clock(0, 0))
    except (QueuePaused, NoAgent) as error:
        return error
    except RegistryError:
        return None
    return None
