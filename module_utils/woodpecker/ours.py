# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which steps may be replaced: those that this module made, and what people wrote for the same before. Any other is somebody's own."""

from __future__ import annotations

import re
from typing import Any, List, Tuple

from ..yaml_file.document import children_of
from ..yaml_file.tree import effective, is_mapping, is_scalar
from .workflow import Step, Workflow, commands

_PROOF = re.compile(
    r"registry-doctor|\.pyz\s+verify\b|\bverify\s+--registry\b|\b(?:curl|wget)\b.*/v2/"
    r"|\bskopeo\b.*\binspect\b|\b(?:manifest|imagetools)\s+inspect\b|\bcrane\s+(?:manifest|validate)\b",
    re.DOTALL,
)
_HOOK = re.compile(r"\b(?:curl|wget)\b.*(?:hook|slack|mattermost|discord|rocket)", re.DOTALL | re.IGNORECASE)
_TELLING_PLUGIN = re.compile(r"slack|mattermost|webhook|discord", re.IGNORECASE)
_SECRETIVE = ("environment", "settings", "commands", "entrypoint", "secrets")


def is_proof(_workflow: Workflow, step: Step) -> bool:
    """Whether a step asks a registry for what it has: registry-doctor, or its predecessor in shell."""
    return bool(_PROOF.search("\n".join(commands(step))))


def is_our_proof(step: Step) -> bool:
    """Whether this module made it."""
    return any(" verify --registry " in command for command in commands(step))


def is_notification(workflow: Workflow, step: Step) -> bool:
    """Whether a step tells a chat by its webhook: ours, a plugin for that, or a command."""
    image: Any = step.keys.get("image")
    name = image.value.rpartition("/")[2] if is_scalar(image) else ""
    is_plugin = not commands(step) and bool(_TELLING_PLUGIN.search(name))
    return is_our_notification(workflow, step) or is_plugin or bool(_HOOK.search("\n".join(commands(step))))


def is_our_notification(workflow: Workflow, step: Step) -> bool:
    """Whether this module made it."""
    environment = step.keys.get("environment")
    return is_mapping(environment) and "WEBHOOK_URL" in effective(workflow.document, environment)


def secretive(step: Step) -> List[Tuple[int, int]]:
    """Where values stand that may be secrets written out: all of environment, settings and commands, but for names of secrets."""
    found: List[Tuple[int, int]] = []
    waiting = [step.own[key] for key in _SECRETIVE if key in step.own]
    seen = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if is_scalar(node):
            found.append((node.start_mark.index, node.end_mark.index))
        elif is_mapping(node):
            waiting += [value for key, value in node.value if not (is_scalar(key) and key.value == "from_secret")]
        else:
            waiting += children_of(node)
    return sorted(found)
