# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What would keep a workflow from running: secrets that are missing or not for its events, and plugins without the privileges they need."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Set

from ..compose_file.images import normalised
from ..oci_registry.errors import BadInput
from ..yaml_file.document import nodes_of
from ..yaml_file.tree import is_mapping, is_scalar
from .conditions import MANUAL
from .errors import CannotRun, SecretForOtherEvents
from .left_out import runs_by_hand
from .workflow import Step, Workflow, containers

#: What Woodpecker 3 lets run only where WOODPECKER_PLUGINS_PRIVILEGED names it; other plugins run without privileges and may well fail.
_FORMERLY_PRIVILEGED = ("plugins/docker", "plugins/gcr", "plugins/ecr", "woodpeckerci/plugin-docker-buildx")


class Use(NamedTuple):
    """A secret that a step, a service or a clone takes."""

    secret: str
    what: str
    image: str
    is_plugin: bool


class Known(NamedTuple):
    """The secrets that a server has for a repository by name in lower case. ``complete``: nothing was hidden from the token."""

    secrets: Dict[str, Dict[str, Any]]
    complete: bool


def uses_of(workflow: Workflow, *, manual: bool) -> List[Use]:
    """Every ``from_secret`` of steps, services and clones; with ``manual`` of those that a manual run does not leave out."""
    found = []
    for kind, step in containers(workflow):
        if manual and not runs_by_hand(workflow, step):
            continue
        for node in nodes_of(step.node):
            for key, value in node.value if is_mapping(node) else ():
                if is_scalar(key) and key.value == "from_secret" and is_scalar(value):
                    found.append(Use(value.value, f"{kind} {step.name}", _image(step), _is_plugin(step)))
    return found


def _image(step: Step) -> str:
    image: Any = step.keys.get("image")
    return str(image.value) if is_scalar(image) else ""


def _is_plugin(step: Step) -> bool:
    return not {"commands", "entrypoint", "environment"} & set(step.keys) or "settings" in step.keys


def check_secrets(workflow: Workflow, known: Known, *, manual: bool) -> List[str]:
    """Raises CannotRun for the first secret that the server would not give; returns warnings about what it would not tell."""
    warnings = []
    for use in uses_of(workflow, manual=manual):
        secret = known.secrets.get(use.secret.lower())
        where = f"secret {use.secret} of {use.what}"
        if secret is None:
            if known.complete:
                raise _refused(
                    workflow, f"{where} is not there for this repository", "Add it in Woodpecker, or give the name of another"
                )
            warnings.append(
                f"{where} is none of the repository; the secrets of its organisation or server are hidden from this token"
            )
            continue
        events, images = _texts(secret.get("events")), _texts(secret.get("images"))
        if manual and events and MANUAL not in events:
            advice = "Allow the event manual for this secret in Woodpecker: without it no manual run starts"
            what = f"{where} is only for {', '.join(events)}"
            raise SecretForOtherEvents(what, where=workflow.document.path, advice=advice)
        if images and not (use.is_plugin and _is_allowed(use.image, images)):
            advice = "Take the images off the secret in Woodpecker, or name another secret"
            raise _refused(workflow, f"{where} is only for plugins ({', '.join(images)})", advice)
    return warnings


def check_plugins(workflow: Workflow, allowed: Optional[Sequence[str]], refused_before: Set[str], then: str) -> List[str]:
    """Raises CannotRun for a plugin that is not allowed; ``allowed`` None: nobody said what is, so it is only a warning.

    ``then`` is what is to be done once the server lets it run, so that it is believed here.
    """
    warnings = []
    for kind, step in containers(workflow):
        image = _image(step)
        if not _is_one_of(image, _FORMERLY_PRIVILEGED):
            continue
        where = f"{kind} {step.name} uses {image}"
        advice = f"Add it to WOODPECKER_PLUGINS_PRIVILEGED of the server, and {then}"
        if allowed is not None and not _is_allowed(image, allowed):
            raise _refused(workflow, f"{where}, which is none of the privileged plugins of the server", advice)
        if allowed is None and any(_is_one_of(image, (each,)) for each in refused_before):
            raise _refused(workflow, f"{where}, which this server refused in its newest pipelines", advice)
        if allowed is None:
            hint = "Woodpecker 3 refuses all workflows of a repository for that, unless WOODPECKER_PLUGINS_PRIVILEGED names it"
            warnings.append(f"{where}: {hint}")
    return warnings


def _texts(value: Any) -> List[str]:
    """A list that a server gives; what is none is an empty one."""
    return list(map(str, value)) if isinstance(value, list) else []


def _refused(workflow: Workflow, what: str, advice: str) -> CannotRun:
    return CannotRun(what, where=workflow.document.path, advice=advice)


def _is_one_of(image: str, names: Sequence[str]) -> bool:
    try:
        mine = normalised(image)
        return any((mine.registry, mine.repository) == normalised(name)[:2] for name in names)
    except BadInput:
        return False


def _is_allowed(image: str, allowed: Sequence[str]) -> bool:
    """As the server compares: an entry with a tag must be the same image, one without stands for all tags."""
    return any(normalised(image) == normalised(entry) if ":" in entry else _is_one_of(image, (entry,)) for entry in allowed)
