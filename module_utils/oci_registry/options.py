# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The connection options that every module with a registry shares: one spec, one way from parameters to settings.

``doc_fragments/registry_connection.py`` documents them; a contract test holds the two equal.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping

from .client import Settings
from .errors import BadInput

MAX_CONCURRENCY = 64


def connection_spec(*, required: bool = True) -> Dict[str, Dict[str, Any]]:
    """The argument spec of the connection options; ``required``: whether a registry must be named."""
    registry: Dict[str, Any] = {"type": "str", "required": True} if required else {"type": "str"}
    return {
        "registry": registry,
        "scheme": {"type": "str", "choices": ["https", "http"], "default": "https"},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "ca_path": {"type": "path"},
        "validate_certs": {"type": "bool", "default": True},
        "concurrency": {"type": "int", "default": 8},
        "timeout": {"type": "float", "default": 30.0},
    }


def settings_from(params: Mapping[str, Any]) -> Settings:
    """Client settings from module parameters. Raises :class:`BadInput` for values out of range."""
    if params["timeout"] <= 0:
        raise BadInput(f"timeout {params['timeout']} is not above 0 seconds")
    return Settings(
        registry=params["registry"],
        scheme=params["scheme"],
        username=params["username"] or None,
        password=params["password"] or None,
        ca_path=params["ca_path"] or None,
        validate_certs=params["validate_certs"],
        timeout=params["timeout"],
    )


def concurrency_from(params: Mapping[str, Any]) -> int:
    """How many requests at once. Raises :class:`BadInput` for values out of range."""
    value = int(params["concurrency"])
    if not 1 <= value <= MAX_CONCURRENCY:
        raise BadInput(f"concurrency {value} is not from 1 to {MAX_CONCURRENCY}")
    return value
