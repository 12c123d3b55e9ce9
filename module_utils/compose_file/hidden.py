# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which values of a compose file may be secrets, and how they are kept out of what another program says about that file."""

from __future__ import annotations

import re
from typing import Any, Iterable, List

from ..yaml_file.document import Document, nodes_of
from ..yaml_file.tree import is_mapping, is_scalar

_KEYS = ("environment", "args", "command", "entrypoint", "labels", "content", "healthcheck", "driver_opts")
_MIN_LENGTH = 4  # characters: shorter ones are parts of ordinary text


def hidden_values(document: Document) -> List[str]:
    """The values below keys that can hold secrets; of ``NAME=value`` the part after the sign as well."""
    found: List[str] = []
    for node in nodes_of(document.root):
        for key, value in node.value if is_mapping(node) else ():
            if is_scalar(key) and key.value in _KEYS:
                found += _scalars(value)
    return found


def _scalars(node: Any) -> Iterable[str]:
    values = [each.value for each in nodes_of(node) if is_scalar(each)]
    return values + [value.partition("=")[2] for value in values if "=" in value]


def without(values: Iterable[str], text: str) -> str:
    """``text`` with each of ``values`` that stands in it as a word of its own left out, the longest first."""
    for value in sorted(set(values), key=len, reverse=True):
        if len(value) >= _MIN_LENGTH and value in text:
            text = re.sub(rf"(?<![\w.-]){re.escape(value)}(?![\w.-])", "…", text)
    return text
