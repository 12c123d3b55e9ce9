# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The services of a compose file, and the one node that decides the image of each: its own, a merged or an extended one."""

from __future__ import annotations

import os
from typing import Any, Dict, List, NamedTuple, Set, Tuple

from ..oci_registry.errors import BadInput
from ..yaml_file.document import Document
from ..yaml_file.tree import effective, is_mapping, is_null, is_scalar


class Service(NamedTuple):
    """``image`` is the scalar node that its image is written in, or None; ``elsewhere`` names the file that holds what it extends, ``base``."""

    name: str
    image: Any
    has_build: bool
    elsewhere: str = ""
    base: str = ""


def services_of(document: Document) -> Dict[str, Service]:
    """Every service by its name, in the order of the file. Raises BadInput where the file has none."""
    found = _mappings(document)
    return {name: _service(document, found, name) for name in found}


def _mappings(document: Document) -> Dict[str, Any]:
    services = effective(document, document.root).get("services")
    if not is_mapping(services):
        raise BadInput("has no services", where=document.path, advice="Compose files have them below the key 'services'")
    return effective(document, services)


def service_keys(document: Document) -> List[Tuple[str, Dict[str, Any]]]:
    """Each service with its keys, in a file that may well have none."""
    services = effective(document, document.root).get("services")
    found = effective(document, services) if is_mapping(services) else {}
    return [(name, effective(document, node)) for name, node in found.items() if is_mapping(node)]


def _service(document: Document, found: Dict[str, Any], name: str) -> Service:
    """Follow ``extends`` within the file until an image is found."""
    seen: Set[str] = set()
    current, has_build = name, False
    while current not in seen:
        seen.add(current)
        keys = effective(document, found[current]) if is_mapping(found.get(current)) else {}
        has_build = has_build or "build" in keys
        if "image" in keys:
            return Service(name, _scalar(document, name, keys["image"]), has_build)
        base = _extended(document, keys["extends"]) if "extends" in keys else _Base("", "")
        if base.file or not base.service:
            return Service(name, None, has_build, base.file, base.service)
        current = base.service
    raise BadInput(f"service {name} extends itself", where=document.path)


def _scalar(document: Document, name: str, node: Any) -> Any:
    """The node if it says something, None if it is empty."""
    if not is_scalar(node) or node.tag == "!reset":
        what = f"line {document.line(node.start_mark.index)}: the image of service {name} is no text"
        raise BadInput(what, where=document.path)
    return None if is_null(node) or not node.value.strip() else node


class _Base(NamedTuple):
    service: str
    file: str  # empty for this one


def _extended(document: Document, node: Any) -> _Base:
    """What ``extends: name`` or ``extends: {service: name, file: path}`` points at."""
    if is_scalar(node):
        return _Base(node.value, "")
    keys = effective(document, node) if is_mapping(node) else {}
    service, file = (keys[key].value if is_scalar(keys.get(key)) else "" for key in ("service", "file"))
    here = os.path.dirname(document.path)
    is_own = bool(file) and os.path.realpath(os.path.join(here, file)) == os.path.realpath(document.path)
    return _Base(service, "" if is_own else file)


def reached_by(services: Dict[str, Service], node: Any) -> List[str]:
    """Names of all services whose image is written in ``node``."""
    return [service.name for service in services.values() if service.image is node]
