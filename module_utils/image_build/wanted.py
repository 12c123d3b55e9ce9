# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What is to be built and where it goes: the options of the module, checked."""

from __future__ import annotations

import hashlib
import json
import os
import re
from typing import Any, Dict, List, Mapping, NamedTuple

from ..oci_registry.client import Settings
from ..oci_registry.client.settings import checked
from ..oci_registry.errors import BadInput
from ..oci_registry.reference import HOST, is_tag, parse_repository
from .git import check_ref
from .platforms import normal_all

BUILDERS = ("buildx", "docker", "buildah")
#: the options of the module; what they mean is in its documentation
BUILD_OPTIONS: Dict[str, Dict[str, Any]] = {
    "state": {"type": "str", "choices": ["built", "cleaned"], "default": "built"},
    "image": {"type": "str"},
    "tag": {"type": "str", "default": "manual"},
    "git": {"type": "str"},
    "ref": {"type": "str"},
    "folder": {"type": "path"},
    "context": {"type": "str", "default": "."},
    "dockerfile": {"type": "str"},
    "platforms": {"type": "list", "elements": "str", "default": []},
    "expected_platforms": {"type": "list", "elements": "str", "default": []},
    "allow_lost_platforms": {"type": "bool", "default": False},
    "build_args": {"type": "dict", "default": {}},
    "force": {"type": "bool", "default": False},
    "builder": {"type": "str", "choices": ["auto", *BUILDERS], "default": "auto"},
    "scheme": {"type": "str", "choices": ["https", "http"], "default": "https"},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "ca_path": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "timeout": {"type": "float", "default": 3600.0},
    "lock_timeout": {"type": "float", "default": 30.0},
    "log_lines": {"type": "int", "default": 40},
}
_ARGUMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Wanted(NamedTuple):
    """One build, checked."""

    registry: str
    repository: str
    tag: str
    git: str
    ref: str
    folder: str
    context: str  # below the source
    dockerfile: str  # below the source
    platforms: List[str]
    expected: List[str]
    allow_lost: bool
    build_args: Dict[str, str]
    builder: str
    settings: Settings

    @property
    def reference(self) -> str:
        """``registry/repository:tag``."""
        return f"{self.registry}/{self.repository}:{self.tag}"

    def recipe(self, platforms: List[str]) -> str:
        """A name for how it is built: another one means that the same commit gives another image."""
        parts = [self.context, self.dockerfile, sorted(platforms), sorted(self.build_args.items())]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def wanted_from(params: Mapping[str, Any]) -> Wanted:
    """The options, checked. Raises :class:`BadInput`."""
    registry, slash, repository = params["image"].partition("/")
    if not slash or not HOST.match(registry):
        raise BadInput(
            f"{params['image'][:200]!r} names no registry", advice="Expected registry[:port]/repository, without a tag"
        )
    if not is_tag(params["tag"]):
        raise BadInput(f"{params['tag'][:140]!r} is no tag")
    if bool(params["git"]) == bool(params["folder"]):
        raise BadInput("either git or folder says what is built", advice="Give one of them")
    if params["timeout"] <= 0 or params["log_lines"] < 0:
        raise BadInput("timeout must be above 0, and log_lines not negative")
    return Wanted(
        registry,
        parse_repository(repository),
        params["tag"],
        params["git"] or "",
        check_ref(params["ref"] or "") if params["git"] else "",
        params["folder"] or "",
        _below(params["context"], "context"),
        _below(params["dockerfile"] or os.path.join(params["context"], "Dockerfile"), "dockerfile"),
        normal_all(params["platforms"]),
        normal_all(params["expected_platforms"]),
        params["allow_lost_platforms"],
        _build_args(params["build_args"]),
        params["builder"],
        checked(
            Settings(
                registry,
                params["scheme"],
                params["username"] or None,
                params["password"] or None,
                params["ca_path"] or None,
                params["validate_certs"],
            )
        ),
    )


def _below(path: str, option: str) -> str:
    normal = os.path.normpath(path or ".")
    if os.path.isabs(normal) or normal.split(os.sep)[0] == "..":
        raise BadInput(f"{path[:200]!r} leads out of the source", where=option)
    return normal


def _build_args(given: Mapping[str, Any]) -> Dict[str, str]:
    for name, value in given.items():
        if not _ARGUMENT.match(str(name)) or isinstance(value, (dict, list)):
            raise BadInput(f"{str(name)[:60]!r} is no build argument", where="build_args", advice="Expected NAME: text")
    return {str(name): "" if value is None else str(value) for name, value in given.items()}
