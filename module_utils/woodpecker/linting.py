# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the server's linter refuses in any workflow file, whether or not a run takes that file: then no workflow of the repository runs."""

from __future__ import annotations

from typing import Any

from ..yaml_file.tree import is_null, is_scalar
from .errors import CannotRun
from .pushing import settings_of
from .trust import check_trust
from .workflow import Workflow, commands, containers, required


def check_lint(workflow: Workflow, trusted: Any) -> None:
    """Raises CannotRun for the first fault; ``trusted`` is what the server says of the repository, if it does. Plugins are looked at elsewhere."""
    for kind, step in containers(workflow):
        image: Any = step.keys.get("image")
        if not is_scalar(image) or is_null(image) or not image.value.strip():
            raise _refused(workflow, f"{kind} {step.name} has no image", "Name one")
        if commands(step) and settings_of(workflow, step):
            raise _refused(workflow, f"{kind} {step.name} has both commands and settings", "Take one of them out")
    for step in workflow.steps:
        missing = [name for name in required(workflow, step) if workflow.step(name) is None]
        if missing:
            raise _refused(workflow, f"step {step.name} waits for {missing[0]}, which is not there", "Mend its depends_on")
    check_trust(workflow, trusted)


def _refused(workflow: Workflow, what: str, advice: str) -> CannotRun:
    return CannotRun(f"{what}: the server refuses all workflows for that", where=workflow.document.path, advice=advice)
