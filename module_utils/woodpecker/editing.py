# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Edits one workflow file: read, plan, ask the server, prove, replace. The brain of the module ``woodpecker_workflow``."""

from __future__ import annotations

import os
from typing import Any, Callable, Dict, List, Mapping, Optional

from ..oci_registry.errors import BadInput
from ..yaml_file.replacing import Original, read_original, refuse_read_only, replace
from .asking import secrets_of, seen_plugins
from .difference import difference, summary
from .options import client_of
from .plan import Plan, Request, plan_workflow
from .preflight import check_plugins, check_secrets
from .trust import check_trust
from .workflow import Workflow, read_workflow

#: Raises where another program does not take the bytes that it is given.
Validate = Callable[[bytes], None]


class Editing:
    """One run. ``run()`` once; ``result()`` and ``diff()`` afterwards."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """``params`` are the options of the module. Raises BadInput for those that cannot be used."""
        self._params = params
        self._path = os.path.abspath(params["path"])
        self._plan: Optional[Plan] = None
        self._warnings: List[str] = []
        self._diff = ""
        self._backup = ""
        self._version = ""
        if not (params["manual"] or params["verify"] or params["notify"] or params["escape"]):
            raise BadInput("nothing is asked for", advice="Give manual, verify, notify or escape")
        if params["server"] and not params["repository"]:
            raise BadInput("server is given without repository", advice="Give repository, as owner/name")
        branches = params["branch"] or []
        if any(not branch.strip() for branch in branches):
            raise BadInput("branch holds an empty name", advice="Name branches, such as main")
        verify, notify = params["verify"], params["notify"]
        self._request = Request(params["push_step"], params["manual"], branches, verify, notify, params["escape"])

    def run(self, validate: Optional[Validate], *, check_mode: bool) -> None:
        """Plan, ask and prove; unless in check mode, write. Raises a RegistryError with the file as it was where that fails."""
        original = read_original(self._path)
        plan = plan_workflow(read_workflow(self._path, original.content), self._request)
        after = read_workflow(self._path, plan.content)
        self._warnings = [*plan.warnings, *self._preflight(after)]
        if plan.splices:
            self._write(original, plan, validate, check_mode=check_mode)
        before, changed = (content.decode("utf-8-sig") for content in (original.content, plan.content))
        self._diff = difference(self._path, before, changed, plan.hidden)
        self._plan = plan

    def _write(self, original: Original, plan: Plan, validate: Optional[Validate], *, check_mode: bool) -> None:
        refuse_read_only(original)
        if validate:
            validate(plan.content)
        if not check_mode:
            self._backup = replace(original, plan.content, backup=self._params["backup"])

    def _preflight(self, after: Workflow) -> List[str]:
        """What the server would say against the file as it will be; returns warnings."""
        params, before, known = self._params, set(), None
        if params["server"]:
            client = client_of(params)
            repository = client.lookup(params["repository"])
            known, before = secrets_of(client, repository), seen_plugins(client, repository).refused
            self._version = client.version
            check_trust(after, repository.get("trusted"))
        found = check_plugins(after, params["privileged_plugins"], before, "say so with privileged_plugins")
        found = [f"{text}; say with privileged_plugins what it names" for text in found]
        return found + (check_secrets(after, known, manual=params["manual"]) if known else [])

    def result(self) -> Dict[str, Any]:
        """What the module returns, besides ``diff``: plain JSON types."""
        plan = self._plan
        if plan is None:
            return {}
        return {
            "changed": bool(plan.splices),
            "push_step": plan.push,
            "registry": plan.registry,
            "images": plan.images,
            "changes": plan.changes,
            "substituted": [place._asdict() for place in plan.lost],
            "server_version": self._version,
            "backup_file": self._backup,
        }

    def warnings(self) -> List[str]:
        """What is worth knowing although everything was done."""
        lost = self._plan.lost if self._plan else []
        places = [f"line {one.line}: of {one.text} in step {one.step} the server leaves {one.becomes}" for one in lost]
        hint = (
            [f"{'; '.join(places)}. What is meant for the shell is written $${{NAME}}, or mended with escape: true"]
            if places
            else []
        )
        return self._warnings + [f"{self._path}: {text}" for text in hint]

    def diff(self) -> Dict[str, str]:
        """The changed lines, the same in check mode and in a real run."""
        return {"prepared": self._diff}

    def message(self) -> str:
        """One sentence for people."""
        return summary(self._plan.changes if self._plan else [])
