# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which steps push images, and which images: from the settings of plugins, or from the commands that push."""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..oci_registry.errors import BadInput
from ..yaml_file.tree import is_scalar
from .conditions import strings
from .variables import unknown_names
from .values import plain
from .workflow import Step, Workflow, commands

_PLUGIN = re.compile(r"(?:docker|buildx|kaniko|buildah|podman|ecr|gcr|gar|acr)\b")
_COMMAND = re.compile(
    r"\b(?:docker|podman|buildah|nerdctl|crane|img)\s+(?:image\s+|manifest\s+|compose\s+)?push\b"
    r"|\bbuild(?:x\s+build|x\s+bake|x\s+imagetools\s+create)?\b[^\n]*\s--push\b|\bbuildx\s+imagetools\s+create\b"
    r"|\bskopeo\s+(?:[^\n]*\s)?copy\b[^\n]*docker://[^\n]*docker://|kaniko/executor\b(?!.*--no-push)|\bbuildctl\b[^\n]*\bpush=true"
)
_DRY = {"dry_run": "true", "dry-run": "true", "push": "false", "no_push": "true"}
_HUB_API = "registry-1.docker.io"
_HUB = ("docker.io", "index.docker.io", _HUB_API)
_SPLIT = re.compile(r"[,\s]+")


class Pushed(NamedTuple):
    """What a step pushes. ``images`` are without the registry; ``username`` and ``password`` as an ``environment`` has them, or empty."""

    registry: str
    images: List[str]
    others: List[str]  # images of other registries
    username: Any
    password: Any


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
    detached: Any = step.keys.get("detach")
    if is_scalar(detached) and detached.value.lower() == "true":
        advice = "Take detach out, or nothing can wait for the push"
        raise workflow.layout.refusal(step.node, f"step {step.name} pushes in the background", advice)
    return step


def pushes(workflow: Workflow, step: Step) -> bool:
    """Whether a step pushes an image, as far as its text tells."""
    if any(_COMMAND.search(re.sub(r"\\\r?\n", " ", command)) for command in commands(step)):
        return True
    image: Any = step.keys.get("image")
    name = re.split(r"[@:]", image.value.rpartition("/")[2])[0] if is_scalar(image) else ""
    settings = _settings(workflow, step)
    is_dry = any(str(settings.get(key)).lower() == dry for key, dry in _DRY.items())
    return bool(_PLUGIN.search(name)) and any(key in settings for key in ("repo", "repos", "repository")) and not is_dry


def _settings(workflow: Workflow, step: Step) -> Dict[str, Any]:
    node = step.keys.get("settings")
    value = plain(workflow.document, node) if node is not None else {}
    return value if isinstance(value, dict) else {}


def pushed(workflow: Workflow, step: Step, registry: str, given: List[str]) -> Pushed:
    """What ``step`` pushes to ``registry``, or to the one that it names; ``given`` images stand in for what its settings say."""
    settings = _settings(workflow, step)
    repositories = [
        _parted(name, str(settings.get("registry") or "")) for name in _names(settings, "repo", "repos", "repository")
    ]
    hosts = list(dict.fromkeys(host for host, _name in repositories))
    chosen = registry or (hosts[0] if len(hosts) == 1 else "")
    if not chosen:
        raise _unclear(
            workflow, step, f"pushes to {', '.join(hosts)}" if hosts else "does not say where it pushes to", "verify.registry"
        )
    mine = [name for host, name in repositories if host == chosen or len(hosts) == 1]
    others = [f"{host}/{name}" for host, name in repositories if host != chosen and len(hosts) > 1]
    images = given or [f"{name}:{tag}" for name in mine for tag in _tags(workflow, step, settings)]
    if not images:
        raise _unclear(workflow, step, f"does not say which images it pushes to {chosen}", "verify.images")
    return Pushed(chosen, images, others, *_credentials(settings, hosts[0] if len(hosts) == 1 else chosen))


def _unclear(workflow: Workflow, step: Step, what: str, option: str) -> BadInput:
    return workflow.layout.refusal(step.node, f"step {step.name} {what}", f"Say it with {option}")


def _names(settings: Dict[str, Any], *keys: str) -> List[str]:
    """Values of the first key that is there: a list, or text with commas, as plugins take both."""
    value: Any = next((settings[key] for key in keys if settings.get(key) not in (None, "")), [])
    return [name for each in strings(value) for name in _SPLIT.split(each) if name]


def _parted(name: str, registry: str) -> Any:
    """(registry, repository) of what a plugin is told to push."""
    host, slash, rest = name.partition("/")
    if slash and (re.search(r"[.:]", host) or host == "localhost"):
        return (_HUB_API if host in _HUB else host), rest
    host = _host(registry)
    if host and host not in _HUB:
        return host, name
    return _HUB_API, name if "/" in name else f"library/{name}"


def _host(address: str) -> str:
    return re.sub(r"^https?://", "", address).partition("/")[0]


def _tags(workflow: Workflow, step: Step, settings: Dict[str, Any]) -> List[str]:
    unclear = [
        key for key in ("auto_tag", "default_tags", "tags_file") if str(settings.get(key, "false")).lower() not in ("false", "")
    ]
    if unclear:
        raise _unclear(workflow, step, f"makes its tags by {unclear[0]}", "verify.images")
    tags = _names(settings, "tags", "tag") or ["latest"]
    for text in [*tags, *_names(settings, "repo", "repos", "repository")]:
        unknown = unknown_names(text, workflow.matrix)
        if unknown or "$$" in text:
            raise _unclear(workflow, step, f"pushes {text}, which no variable CI_… decides", "verify.images")
    return tags


def _credentials(settings: Dict[str, Any], registry: str) -> Tuple[Any, Any]:
    """What the step logs in with. A password that is written out is left alone: it must not be written twice."""
    logins = settings.get("logins")
    fitting = [one for one in logins if isinstance(one, dict) and _fits(one, registry)] if isinstance(logins, list) else []
    source = fitting[0] if fitting else settings
    username, password = source.get("username"), source.get("password")
    return (username or "", password) if _is_secret(password) else ("", "")


def _fits(login: Dict[str, Any], registry: str) -> bool:
    host = _host(str(login.get("registry") or _HUB[0]))
    return host == registry or (host in _HUB and registry in _HUB)


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and bool(value.get("from_secret"))
