# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Asks a server what it knows of a repository: its secrets, and which plugins it refused lately."""

from __future__ import annotations

import re
from typing import Any, Dict, NamedTuple, Set

from ..oci_registry.errors import AuthenticationFailed, RegistryError, RegistryUnavailable
from .api import PER_PAGE, Client
from .errors import NotFound, NotWoodpecker
from .preflight import Known

_REFUSED = re.compile(r"formerly privileged plugin `([^`]+)`")


def secrets_of(client: Client, repository: Dict[str, Any]) -> Known:
    """Secrets of the repository, its organisation and the server, the nearest one winning. Raises NotFound without the right to push."""
    organisation = repository.get("org_id")
    complete = bool(organisation)
    found: Dict[str, Dict[str, Any]] = {}
    try:
        own = client.pages(f"/repos/{repository['id']}/secrets")
    except NotFound:
        what = "its secrets are hidden from this token (status 404)"
        raise NotFound(what, where=client.address, advice="Use the token of a user who may push to the repository") from None
    for secret in own:
        found[str(secret.get("name")).lower()] = secret
    for path in [*([f"/orgs/{organisation}/secrets"] if organisation else []), "/secrets"]:
        try:
            for secret in client.pages(path):
                found.setdefault(str(secret.get("name")).lower(), secret)
        except (AuthenticationFailed, NotFound, NotWoodpecker, RegistryUnavailable):
            complete = False  # hidden, or an old server that has no such list
    return Known(found, complete)


class Seen(NamedTuple):
    """Plugins that the linter refused in pipelines newer than the last one that it let through; ``passed``: whether there is such a one."""

    refused: Set[str]
    passed: bool


def seen_plugins(client: Client, repository: Dict[str, Any]) -> Seen:
    """What the newest pipelines tell of the plugins that the server lets run."""
    refused: Set[str] = set()
    try:
        pipelines = client.get(f"/repos/{repository['id']}/pipelines?page=1&perPage={PER_PAGE}").body or []
    except RegistryError:
        return Seen(refused, False)
    for pipeline in pipelines if isinstance(pipelines, list) else []:
        if not isinstance(pipeline, dict) or pipeline.get("status") != "error":
            return Seen(refused, isinstance(pipeline, dict))
        errors = pipeline.get("errors")
        for error in errors if isinstance(errors, list) else []:
            if isinstance(error, dict) and not error.get("is_warning"):
                refused.update(_REFUSED.findall(str(error.get("message"))))
    return Seen(refused, False)
