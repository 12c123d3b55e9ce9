# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the variables of the hosts lack: credentials above all."""

from __future__ import annotations

from collections.abc import Iterator

from . import controller
from .plays import Seen, Values, in_words
from .remarks import Remark, weigh

#: what a vault may hold that a run needs before anything else
_NEEDED = (
    "registry_username",
    "registry_password",
    "ansible_host",
    "ansible_user",
    "ansible_password",
    "ansible_become_password",
)


def look(seen: Seen) -> list[Remark]:
    """Credentials and collections."""
    if seen.values is None:
        return []
    hosts = list(dict.fromkeys(host for play in seen.plays for host in play.hosts))
    problems = {host: list(_of(seen.values, host)) for host in hosts}
    return [
        *weigh([play.hosts for play in seen.plays], problems),
        *controller.collections(seen.values.of(host) for host in [*hosts, "localhost"]),
    ]


def _of(values: Values, host: str) -> Iterator[str]:
    from ansible.errors import AnsibleError

    for name in _NEEDED:
        try:
            value = values.value(host, name, "")
        except AnsibleError as error:
            yield f"{name} of {host}: {in_words(error) or ' '.join(str(error).split())}"
            continue
        if name == "registry_password" and not value and _is_needed(values, host):
            yield f"registry_password of {host} is empty, and the registry asks for one: set it in a vault of the inventory"


def _is_needed(values: Values, host: str) -> bool:
    named = bool(values.value(host, "registry_username", ""))
    return str(values.value(host, "registry_requires_auth", named)).lower() in ("true", "yes", "1", "on")
