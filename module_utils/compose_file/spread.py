# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""How far a change of one node spreads: through anchors, one written value can be used in many places."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Set

from ..yaml_file.document import Document, children_of, nodes_of
from ..yaml_file.tree import effective, is_mapping


def uses_besides_images(document: Document, targets: List[Any]) -> List[str]:
    """Where else than as the image of a service the ``targets`` are used, such as ``services.web.labels``; templates (``x-…``) do not count."""
    touched = _above(document.root, {id(target) for target in targets})
    return list(_uses(document, {id(target) for target in targets}, touched))


def _uses(document: Document, targets: Set[int], touched: Set[int]) -> Iterator[str]:
    for key, value in effective(document, document.root).items():
        if id(value) not in touched or key.startswith("x-"):
            continue
        if key != "services" or not is_mapping(value):
            yield key
            continue
        for name, service in effective(document, value).items():
            if id(service) in touched:
                yield from _uses_in_service(document, name, service, targets, touched)


def _uses_in_service(document: Document, name: str, service: Any, targets: Set[int], touched: Set[int]) -> Iterator[str]:
    for key, value in effective(document, service).items() if is_mapping(service) else ():
        is_image = key == "image" and id(value) in targets
        if id(value) in touched and not is_image and not key.startswith("x-"):
            yield f"services.{name}.{key}"


def _above(root: Any, targets: Set[int]) -> Set[int]:
    """The nodes that are, or hold at any depth, one of ``targets``."""
    parents: Dict[int, List[int]] = {}
    for node in nodes_of(root):
        for child in children_of(node):
            parents.setdefault(id(child), []).append(id(node))
    touched, waiting = set(targets), list(targets)
    while waiting:
        for parent in parents.get(waiting.pop(), ()):
            if parent not in touched:
                touched.add(parent)
                waiting.append(parent)
    return touched
