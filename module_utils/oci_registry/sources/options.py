# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The option ``sources``. ``doc_fragments/registry_sources.py`` documents it; a contract test holds the two equal."""

from __future__ import annotations

from typing import Any, Dict, Sequence

from ..options import connection_spec

#: kind: options that it needs besides ``type``
KINDS: Dict[str, Sequence[str]] = {
    "repository": ("repository",),
    "registry": ("registry",),
    "snapshot": ("path",),
    "layout": ("path",),
    "archive": ("path",),
    "containerd": (),
    "listed": ("name",),
}

_CONNECTION = ("registry", "scheme", "username", "password", "ca_path", "validate_certs")


def sources_spec() -> Dict[str, Any]:
    """The argument spec of the option."""
    connection = connection_spec(required=False)
    options = {name: connection[name] for name in _CONNECTION}
    options.update(
        type={"type": "str", "choices": list(KINDS), "required": True},
        repository={"type": "str"},
        path={"type": "path"},
        name={"type": "str"},
        contents={"type": "list", "elements": "dict"},
        problem={"type": "str"},
    )
    return {"type": "list", "elements": "dict", "options": options, "default": []}
