# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the variables of the hosts lack: credentials above all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import controller
from .plays import Seen, Values, in_words
from .remarks import Found

#: what a vault may hold that a run needs before anything else
_NEEDED = (
    "registry_username",
    "registry_password",
    "registry_requires_auth",
    "ansible_host",
    "ansible_user",
    "ansible_password",
    "ansible_become_password",
)


_LOGIN = {"registry_username", "registry_password", "registry_requires_auth"}


def look(seen: Seen) -> Found:
    """Credentials and collections."""
    if seen.values is None:
        return Found({}, [])
    hosts = list(dict.fromkeys(host for play in seen.plays for host in play.hosts))
    problems = {host: list(_of(seen.values, host)) for host in hosts}
    return Found(problems, controller.collections(seen.values.of(host) for host in [*hosts, "localhost"]))


def _of(values: Values, host: str) -> Iterator[str]:
    from ansible.errors import AnsibleError

    found = {}
    for name in _NEEDED:
        try:
            found[name] = values.value(host, name, "")
        except AnsibleError as error:
            yield f"{name} of {host}: {in_words(error) or ' '.join(str(error).split())}"
    if found.keys() >= _LOGIN and not found["registry_password"] and _is_needed(found):
        yield f"registry_password of {host} is empty, and the registry asks for one: set it in a vault of the inventory"


def _is_needed(found: dict[str, Any]) -> bool:
    asked = found["registry_requires_auth"]
    return str(bool(found["registry_username"]) if asked == "" else asked).lower() in ("true", "yes", "1", "on")
