# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Options of the modules that talk to a Woodpecker server; ``doc_fragments/woodpecker_server.py`` documents them."""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping, Optional

from .api import Client


def server_spec() -> Dict[str, Dict[str, Any]]:
    """The options for AnsibleModule."""
    return {
        "server": {"type": "str"},
        "token": {"type": "str", "no_log": True},
        "repository": {"type": "str"},
        "ca_path": {"type": "path"},
        "validate_certs": {"type": "bool", "default": True},
        "timeout": {"type": "float", "default": 30.0},
    }


def client_of(params: Mapping[str, Any], left: Optional[Callable[[], float]] = None) -> Client:
    """A client for these options; ``left`` tells how many seconds there still are. Raises BadInput for a server that is none."""
    return Client(
        params["server"],
        params["token"] or "",
        timeout=params["timeout"],
        left=left,
        ca_path=params["ca_path"],
        validate_certs=params["validate_certs"],
    )
