# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The options of a collection, shared by the module and the command line; what they mean is in the documentation of the module."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Mapping, Optional

from .apply.run import Site
from .apply.workplace import Workplace
from .digest import is_digest
from .errors import BadInput
from .evidence.prospect import Gone
from .evidence.serving import Serving
from .options import concurrency_from, connection_spec, settings_from
from .plans.commands import commands_from, demand
from .scan import DIALECTS
from .store import CACHE, detect_mode, one_root

GATED, SNAPSHOTTED, COLLECTED, RECOVERED = "gated", "snapshotted", "collected", "recovered"
PROVEN, RESTORED, EXPIRED = "proven", "restored", "expired"
STATES = (COLLECTED, GATED, SNAPSHOTTED, PROVEN, RECOVERED, RESTORED, EXPIRED)
OVERRIDE_GATE = "override_gate"
APPROVABLE = (OVERRIDE_GATE,)

_ARGVS = {"type": "list", "elements": "list"}
_ARGV = {"type": "list", "elements": "str"}
COLLECTION_OPTIONS: Dict[str, Dict[str, Any]] = dict(
    connection_spec(required=False),
    path={"type": "path", "required": True},
    state={"type": "str", "choices": list(STATES), "default": COLLECTED},
    dialect={"type": "str", "choices": list(DIALECTS), "default": DIALECTS[0]},
    commands={
        "type": "dict",
        "options": {"quiesce": _ARGVS, "dry_run": _ARGV, "collect": _ARGV, "resume": _ARGVS, "abort": _ARGVS},
    },
    approve={"type": "list", "elements": "str", "choices": list(APPROVABLE), "default": []},
    assume_deleted={
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "repository": {"type": "str", "required": True},
            "digest": {"type": "str", "required": True},
            "parts": {"type": "list", "elements": "str", "default": []},
        },
    },
    snapshot={"type": "str"},
    keep_snapshots={"type": "float", "default": 7.0},
    proof={"type": "str", "choices": ["sizes", "content"], "default": "sizes"},
    tags_per_repository={"type": "int", "default": 0},
    push_grace={"type": "float", "default": 900.0},
    upload_timeout={"type": "float", "default": 600.0},
    command_timeout={"type": "float", "default": 3600.0},
    health_timeout={"type": "float", "default": 120.0},
    lock_timeout={"type": "float", "default": 30.0},
)

_NEEDED = {
    GATED: ("dry_run", "collect"),
    COLLECTED: ("quiesce", "dry_run", "collect", "resume"),
    RECOVERED: ("quiesce", "resume"),
    RESTORED: ("quiesce", "resume"),
}
_SECONDS = ("push_grace", "upload_timeout", "health_timeout", "lock_timeout", "keep_snapshots", "tags_per_repository")


def site_from(params: Mapping[str, Any]) -> Site:
    """The store and its registry. Raises a :class:`RegistryError` for options that cannot be used."""
    for name in _SECONDS:
        if params[name] < 0:
            raise BadInput(f"{name} {params[name]:g} is negative")
    if params["command_timeout"] <= 0:
        raise BadInput(f"command_timeout {params['command_timeout']:g} is not above 0 seconds")
    commands = commands_from(params["commands"], params["command_timeout"])
    demand(commands, _NEEDED.get(params["state"], ()), params["state"])
    root = one_root(params["path"])
    if detect_mode(root) == CACHE:
        advice = "A cache deletes by itself what has expired; no collection is needed, and none is safe"
        raise BadInput("is the store of a pull-through cache", where=root, advice=advice)
    return Site(
        root=root,
        workplace=Workplace.of_store(root),
        dialect=params["dialect"],
        proof=params["proof"],
        commands=commands,
        push_grace=params["push_grace"],
        upload_timeout=params["upload_timeout"],
        serving=_serving_from(params),
    )


def gone_from(params: Mapping[str, Any]) -> Gone:
    """The manifests that a plan takes to be deleted. Raises :class:`BadInput` for one that has no digest."""
    gone: Dict[str, FrozenSet[str]] = {}
    for item in params["assume_deleted"] or []:
        repository, digests = item["repository"], (item["digest"], *(item["parts"] or []))
        for digest in digests:
            if not is_digest(digest):
                raise BadInput(f"assume_deleted has {digest[:80]!r}, which is no digest", where=repository)
        gone[repository] = gone.get(repository, frozenset()).union(digests)
    return gone


def _serving_from(params: Mapping[str, Any]) -> Optional[Serving]:
    if not params["registry"]:
        return None
    return Serving(settings_from(params), concurrency_from(params), params["health_timeout"], params["tags_per_repository"])
