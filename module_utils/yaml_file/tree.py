# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Questions about nodes: what kind they are, and what a mapping holds once its merge keys (``<<``) are followed."""

from __future__ import annotations

from typing import Any, Dict, List, Set

from ..oci_registry.errors import BadInput
from .document import Document

_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"


def is_scalar(node: Any) -> bool:
    """Whether it is a scalar; false for None."""
    return getattr(node, "id", "") == "scalar"


def is_mapping(node: Any) -> bool:
    """Whether it is a mapping; false for None."""
    return getattr(node, "id", "") == "mapping"


def is_null(node: Any) -> bool:
    """Whether it is a scalar that stands for nothing."""
    return is_scalar(node) and node.tag == _NULL


def effective(document: Document, mapping: Any) -> Dict[str, Any]:
    """Keys to value nodes as a reader sees them: a mapping's own keys first, then those of its merges, the first named one winning."""
    found: Dict[str, Any] = {}
    seen: Set[int] = set()
    waiting = [mapping]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        merged: List[Any] = []
        for key, value in node.value:
            if key.tag == _MERGE:
                merged += _merged(document, value)
            elif is_scalar(key):
                found.setdefault(key.value, value)
        waiting.extend(reversed(merged))
    return found


def _merged(document: Document, value: Any) -> List[Any]:
    parts = value.value if getattr(value, "id", "") == "sequence" else [value]
    if not all(is_mapping(part) for part in parts):
        line = document.line(value.start_mark.index)
        raise BadInput(f"line {line}: only mappings can be merged with <<", where=document.path)
    return list(parts)
