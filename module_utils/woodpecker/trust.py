# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the server lets only trusted repositories do, in three kinds of trust; up to Woodpecker 2 it was one for all."""

from __future__ import annotations

from typing import Any

from .errors import CannotRun
from .values import plain
from .workflow import Step, Workflow, containers

_NEEDED = {
    "security": ("privileged",),
    "network": ("dns", "dns_search", "extra_hosts", "network_mode"),
    "volumes": ("devices", "volumes", "tmpfs"),
}


def check_trust(workflow: Workflow, trusted: Any) -> None:
    """Raises CannotRun for the first step that needs more trust than the repository has; ``trusted`` is what the server says, if it does."""
    if trusted is None or trusted is True:
        return
    has = trusted if isinstance(trusted, dict) else {}
    for kind, step in containers(workflow):
        for trust, keys in _NEEDED.items():
            for key in () if has.get(trust) else keys:
                if _uses(workflow, step, key):
                    what = f"{kind} {step.name} uses {key}, and the server does not trust this repository with {trust}"
                    advice = f"Let an admin of the server trust it, or take {key} out"
                    raise CannotRun(what, where=workflow.document.path, advice=advice)


def _uses(workflow: Workflow, step: Step, key: str) -> bool:
    node = step.keys.get(key)
    value = plain(workflow.document, node) if node is not None else None
    return bool(value) and not (key == "network_mode" and value == "none")
