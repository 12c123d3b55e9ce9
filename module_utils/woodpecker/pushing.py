# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which steps push images: by the settings of plugins, or by the commands that push."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional

from ..oci_registry.errors import BadInput
from ..yaml_file.tree import is_scalar
from .values import plain
from .workflow import Step, Workflow, commands

_PLUGIN = re.compile(r"(?:docker|buildx|kaniko|buildah|podman|ecr|gcr|gar|acr)\b")
_COMMAND = re.compile(
    r"\b(?:docker|podman|buildah|nerdctl|crane|img)\s+(?:image\s+|manifest\s+|compose\s+)?push\b"
    r"|\bbuild(?:x\s+build|x\s+bake|x\s+imagetools\s+create)?\b[^\n]*\s--push\b|\bbuildx\s+imagetools\s+create\b"
    r"|\bskopeo\s+(?:[^\n]*\s)?copy\b[^\n]*docker://[^\n]*docker://|kaniko/executor\b(?!.*--no-push)|\bbuildctl\b[^\n]*\bpush=true"
)
_DRY = {"dry_run": "true", "dry-run": "true", "push": "false", "no_push": "true"}
_BACKGROUND = "pushes in the background", "Take detach out, or nothing can wait for the push"
_IGNORED = "may fail without failing the pipeline (failure: ignore)", "Take failure out, or a push that failed would be proven"


def pushing_step(workflow: Workflow, wanted: Optional[str]) -> Step:
    """The step that pushes. Raises BadInput unless there is one and only one, or ``wanted`` names it."""
    names = [step.name for step in workflow.steps]
    if wanted:
        found = workflow.step(wanted)
        if found is None:
            what = f"there is no step named {wanted!r} (push_step)"
            raise BadInput(what, where=workflow.document.path, advice=f"There are: {', '.join(names)}")
        return _usable(workflow, found)
    pushing = [step for step in workflow.steps if pushes(workflow, step)]
    if not pushing:
        advice = f"If one of them does, name it with push_step: {', '.join(names)}"
        raise BadInput("no step is known to push an image", where=workflow.document.path, advice=advice)
    if len(pushing) > 1:
        listed = ", ".join(f"{step.name} (line {workflow.layout.line(step.node)})" for step in pushing)
        raise BadInput(f"several steps push images: {listed}", where=workflow.document.path, advice="Name one with push_step")
    return _usable(workflow, pushing[0])


def _usable(workflow: Workflow, step: Step) -> Step:
    for key, wrong, (what, advice) in (("detach", "true", _BACKGROUND), ("failure", "ignore", _IGNORED)):
        node: Any = step.keys.get(key)
        if is_scalar(node) and node.value.lower() == wrong:
            raise workflow.layout.refusal(step.node, f"step {step.name} {what}", advice)
    return step


def pushes(workflow: Workflow, step: Step) -> bool:
    """Whether a step pushes an image, as far as its text tells."""
    if pushing_commands(step):
        return True
    image: Any = step.keys.get("image")
    name = re.split(r"[@:]", image.value.rpartition("/")[2])[0] if is_scalar(image) else ""
    settings = settings_of(workflow, step)
    is_dry = any(str(settings.get(key)).lower() == dry for key, dry in _DRY.items())
    return bool(_PLUGIN.search(name)) and any(key in settings for key in ("repo", "repos", "repository")) and not is_dry


def pushing_commands(step: Step) -> List[str]:
    """The commands that push, lines that go on joined."""
    joined = [re.sub(r"\\\r?\n", " ", command) for command in commands(step)]
    return [command for command in joined if _COMMAND.search(command)]


def settings_of(workflow: Workflow, step: Step) -> Dict[str, Any]:
    """The settings of a plugin as plain data."""
    node = step.keys.get("settings")
    value = plain(workflow.document, node) if node is not None else {}
    return value if isinstance(value, dict) else {}
