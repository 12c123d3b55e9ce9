# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the server knows: users, repositories, and pipelines with their workflows and steps."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import Any, Dict, List

_RIGHTS = ("pull", "push", "admin")


@dataclass
class User:
    """Somebody with a token."""

    id: int
    login: str
    token: str
    admin: bool = False


@dataclass
class Repository:
    """``folder`` is its checkout. ``rights``: what a user may at most, by login: pull, push or admin. ``secrets`` as dicts, their values left out."""

    id: int
    full_name: str
    folder: str = ""
    branches: List[str] = field(default_factory=lambda: ["main"])
    default_branch: str = ""
    active: bool = True
    visibility: str = "public"
    rights: Dict[str, str] = field(default_factory=dict)
    secrets: List[Dict[str, Any]] = field(default_factory=list)
    trusted: Dict[str, bool] = field(default_factory=dict)
    #: commit by branch; made up where it is not told
    commits: Dict[str, str] = field(default_factory=dict)

    def commit(self, branch: str) -> str:
        """The newest commit of a branch; empty for one that is not there."""
        if branch not in self.branches:
            return ""
        made_up = hashlib.sha1(f"{self.full_name} {branch}".encode(), usedforsecurity=False).hexdigest()
        return self.commits.get(branch) or made_up

    def may(self, login: str, right: str) -> bool:
        """Whether a user has a right; everybody may read what is public."""
        has = self.rights.get(login, "pull" if self.visibility == "public" else "")
        return has in _RIGHTS and _RIGHTS.index(has) >= _RIGHTS.index(right)

    def path(self, *parts: str) -> str:
        """A path in the checkout."""
        return os.path.join(self.folder, *parts)


@dataclass
class Step:
    """One step. ``spec`` is what the workflow file says of it; ``log`` its lines."""

    id: int
    uuid: str
    pid: int
    name: str
    type: str
    spec: Dict[str, Any] = field(default_factory=dict)
    state: str = "pending"
    exit_code: int = 0
    error: str = ""
    started: int = 0
    finished: int = 0
    log: List[str] = field(default_factory=list)  # each as Latin-1: any bytes


@dataclass
class Workflow:
    """One workflow file of one pipeline."""

    id: int
    pid: int
    name: str
    steps: List[Step] = field(default_factory=list)
    state: str = "pending"
    error: str = ""
    started: int = 0
    finished: int = 0
    agent_id: int = 0


@dataclass
class Pipeline:
    """One run."""

    id: int
    number: int
    repo_id: int
    event: str
    branch: str
    commit: str
    author: str
    created: int
    variables: Dict[str, str] = field(default_factory=dict)
    status: str = "pending"
    errors: List[Dict[str, Any]] = field(default_factory=list)
    workflows: List[Workflow] = field(default_factory=list)
    parent: int = 0
    rerun_count: int = 0
    started: int = 0
    finished: int = 0
    updated: int = 0
    cancel_info: Dict[str, Any] = field(default_factory=dict)
    files: Dict[str, str] = field(default_factory=dict)  # the workflow files that it was made of
    title: str = ""
    message: str = ""

    @property
    def steps(self) -> List[Step]:
        """All steps of all workflows."""
        return [step for workflow in self.workflows for step in workflow.steps]


ENDED = ("skipped", "success", "failure", "killed", "canceled", "error", "declined")
