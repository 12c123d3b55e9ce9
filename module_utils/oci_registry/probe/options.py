# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the probe takes: the part ``probe`` of a configuration, or what the command line makes of its options. The same shape as a module's."""

from __future__ import annotations

from typing import Any, Dict

from ..walk import PROOFS

Spec = Dict[str, Dict[str, Any]]

_ACCESS: Spec = {
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "username_file": {"type": "path"},
    "password_file": {"type": "path"},
    "ca_path": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
}
_REGISTRY: Spec = {
    "registry": {"type": "str", "required": True},
    "scheme": {"type": "str", "choices": ["https", "http"], "default": "https"},
    "instance": {"type": "str"},  # the label of its metrics; its address without
    "repositories": {"type": "list", "elements": "str", "default": []},  # exactly these, and the catalog is not asked
    **_ACCESS,
}
_PUSHGATEWAY: Spec = {
    "url": {"type": "str", "required": True},
    "job": {"type": "str", "default": "registry_manifest_integrity"},
    **_ACCESS,
}
PROBE_OPTIONS: Spec = {
    "registries": {"type": "list", "elements": "dict", "options": _REGISTRY, "required": True},
    "proof": {"type": "str", "choices": list(PROOFS), "default": "bytes"},
    "concurrency": {"type": "int", "default": 4},  # requests at once
    "timeout": {"type": "float", "default": 30.0},  # seconds, for each connect and read
    "budget": {"type": "float", "default": 600.0},  # seconds, for all registries together
    "rate": {"type": "float", "default": 500.0},  # requests a second, 0 for no limit
    "max_series": {"type": "int", "default": 1000},  # repositories with series of their own
    "allow_empty": {"type": "bool", "default": False},  # whether a registry may have lost all its repositories
    "pushgateway": {"type": "dict", "options": _PUSHGATEWAY},
    "textfile": {"type": "path"},
    "state": {"type": "path"},
}
