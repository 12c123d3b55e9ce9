# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a step pushes, and what it logs in with: as far as the settings of its plugin say it."""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Tuple

from ..oci_registry.errors import BadInput
from ..yaml_file.tree import effective, is_mapping, is_null, is_scalar
from .pushing import settings_of
from .values import is_sequence, items
from .variables import empty_by_hand, is_whole, unknown_names
from .workflow import Step, Workflow

_HUB_API = "registry-1.docker.io"
_HUB = ("docker.io", "index.docker.io", _HUB_API)
_REPOSITORIES = ("repo", "repos", "repository")
_TAGS = ("tags", "tag")
#: Plugins take text with commas or spaces for a list; those within ``${…}`` are none of it.
_WORD = re.compile(r"(?:\$\{[^}]*\}|[^,\s])+")
_FIRST_PART = re.compile(r"((?:\$\{[^}]*\}|\$(?!\{)|[^/$])+)/(.+)", re.DOTALL)
#: What is known to be part of a repository's name, and no address.
_OF_REPOSITORY = re.compile(r"\$\{CI_REPO(?:_OWNER|_NAME)?\b")
_TEXT = "tag:yaml.org,2002:str"
#: Numbers that reach a plugin as they are written; others, such as 3.0 or 0755, do not.
_AS_WRITTEN = re.compile(r"(?:0|[1-9]\d*)(?:\.\d*[1-9])?\Z")


class Pushed(NamedTuple):
    """What a step pushes. ``images`` are without the registry; ``username`` and ``password`` as an ``environment`` has them, or empty."""

    registry: str
    images: List[str]
    others: List[str]  # images of other registries
    username: Any
    password: Any


def pushed(workflow: Workflow, step: Step, registry: str, given: List[str]) -> Pushed:
    """What ``step`` pushes to ``registry``, or to the one that it names; ``given`` images stand in for what its settings say."""
    settings = settings_of(workflow, step)
    if not (registry and given):
        _refuse_hidden(workflow, step, _REPOSITORIES, "verify.images" if registry else "verify.registry and verify.images")
    login = str(settings.get("registry") or "")
    repositories = [_parted(name, login) for name in _names(workflow, step, _REPOSITORIES)]
    hosts = list(dict.fromkeys(host for host, _name in repositories))
    chosen = registry or (hosts[0] if len(hosts) == 1 else "")
    if not chosen or "$" in chosen:
        where = f"pushes to {', '.join(hosts)}" if hosts else "does not say where it pushes to"
        raise _unclear(workflow, step, where, "verify.registry")
    mine = [name for host, name in repositories if host == chosen or len(hosts) == 1]
    others = [f"{host}/{name}" for host, name in repositories if host != chosen and len(hosts) > 1]
    images = given or [f"{name}:{tag}" for name in mine for tag in _tags(workflow, step, settings)]
    if not images:
        raise _unclear(workflow, step, f"does not say which images it pushes to {chosen}", "verify.images")
    return Pushed(chosen, images, others, *_credentials(settings, hosts[0] if len(hosts) == 1 else chosen))


def destinations(workflow: Workflow, step: Step) -> List[str]:
    """Every ``registry/repository:tag`` that the settings of a step say, as written. Raises BadInput where they do not say it."""
    _refuse_hidden(workflow, step, _REPOSITORIES, "repo")
    settings = settings_of(workflow, step)
    parted = [_parted(name, str(settings.get("registry") or "")) for name in _names(workflow, step, _REPOSITORIES)]
    tags = _tags(workflow, step, settings)
    return [f"{_HUB[0] if host == _HUB_API else host}/{name}:{tag}" for host, name in parted for tag in tags]


def refuse_empty_by_hand(workflow: Workflow, step: Step) -> None:
    """Raises BadInput where a manual run would push something without a name, as the tag of a run that no tag started is."""
    for text in _names(workflow, step, _REPOSITORIES) + _names(workflow, step, _TAGS):
        name = empty_by_hand(text)
        if name:
            what = f"step {step.name} pushes {text}, and in a manual run {name} is empty"
            advice = (
                f"Run this with manual: false, or write ${{{name}:-latest}}, or say with verify.images what a manual run pushes"
            )
            raise workflow.layout.refusal(step.node, what, advice)


def _unclear(workflow: Workflow, step: Step, what: str, option: str) -> BadInput:
    return workflow.layout.refusal(step.node, f"step {step.name} {what}", f"Say it with {option}")


def _nodes(workflow: Workflow, step: Step, keys: Tuple[str, ...]) -> List[Any]:
    """The nodes of the first setting that is there."""
    node = step.keys.get("settings")
    settings = effective(workflow.document, node) if is_mapping(node) else {}
    found: Any = next((settings[key] for key in keys if key in settings and not _is_empty(settings[key])), None)
    return items(found) if is_sequence(found) else [found] if found else []


def _is_empty(node: Any) -> bool:
    return is_null(node) or (is_scalar(node) and not node.value)


def _refuse_hidden(workflow: Workflow, step: Step, keys: Tuple[str, ...], option: str) -> None:
    """Raises BadInput where a setting is no text, such as one that comes from a secret."""
    for node in _nodes(workflow, step, keys):
        if not is_scalar(node):
            raise _unclear(workflow, step, f"has a {keys[0]} that does not stand in the file", option)


def _names(workflow: Workflow, step: Step, keys: Tuple[str, ...]) -> List[str]:
    """What a setting names: a list, or text with commas, as plugins take both."""
    return [name for node in _nodes(workflow, step, keys) if is_scalar(node) for name in _WORD.findall(node.value)]


def _parted(name: str, registry: str) -> Any:
    """(registry, repository) of what a plugin is told to push."""
    found = _FIRST_PART.match(name)
    host, rest = (found[1], found[2]) if found else ("", name)
    if host and _is_host(host):
        return (_HUB_API if host in _HUB else host), rest
    host = _host(registry)
    if host and host not in _HUB:
        return host, name
    if not found and "$" in name and not _OF_REPOSITORY.match(name):
        return name, name
    return _HUB_API, name if found or "$" in name else f"library/{name}"


def _is_host(part: str) -> bool:
    """Whether the first part of an image's name is an address; a variable may be."""
    bare = re.sub(r"\$\{[^}]*\}", "", part)
    return bool(re.search(r"[.:]", bare)) or bare == "localhost" or ("$" in part and not _OF_REPOSITORY.match(part))


def _host(address: str) -> str:
    bare = re.sub(r"^https?://", "", address)
    found = _FIRST_PART.match(bare)
    return found[1] if found else bare


def _tags(workflow: Workflow, step: Step, settings: Dict[str, Any]) -> List[str]:
    unclear = [
        key for key in ("auto_tag", "default_tags", "tags_file") if str(settings.get(key, "false")).lower() not in ("false", "")
    ]
    if unclear:
        raise _unclear(workflow, step, f"makes its tags by {unclear[0]}", "verify.images")
    _refuse_hidden(workflow, step, _TAGS, "verify.images")
    for node in _nodes(workflow, step, _TAGS):
        if node.tag != _TEXT and not _AS_WRITTEN.match(node.value):
            what = f"step {step.name} has the tag {node.value} without quotes, which does not reach the plugin as it is written"
            raise workflow.layout.refusal(node, what, f"Write '{node.value}'")
    tags = _names(workflow, step, _TAGS) or ["latest"]
    for text in [*tags, *_names(workflow, step, _REPOSITORIES)]:
        if unknown_names(text, workflow.matrix) or "$$" in text:
            raise _unclear(workflow, step, f"pushes {text}, which no variable CI_… decides", "verify.images")
        if not is_whole(text):
            raise _unclear(workflow, step, f"pushes {text}, which the server cannot read", "verify.images")
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
