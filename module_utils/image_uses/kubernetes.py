# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which images the resources of a cluster use: pods with what they really run, and whatever has a template of pods in it."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Iterator, List, Set, Tuple

from .use import KUBERNETES, Use, untold, use

Resource = Dict[str, Any]
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_STATUSES = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
_ENDED = ("Succeeded", "Failed")


def uses_of(resources: Iterable[Any], cluster: str) -> List[Use]:
    """Every image of every container, and of volumes that are images. Pods and jobs that have ended use nothing any more."""
    found: List[Use] = []
    for resource in flattened(resources):
        if _has_ended(resource):
            continue
        name, detail = _name(resource), _detail(resource)
        digests = _digests(resource)
        for container, image in _images(resource.get("spec")):
            if isinstance(image, str) and image.strip():
                one = use(KUBERNETES, cluster, name, image, digests=digests.get(container, ()), detail=detail)
            else:
                one = untold(KUBERNETES, cluster, name, "; ".join(filter(None, (f"container {container} has no image", detail))))
            if one not in found:
                found.append(one)
    return found


def flattened(resources: Iterable[Any]) -> Iterator[Resource]:
    """The resources themselves, those of lists (``kind: List``, ``PodList``) too; what is no mapping is left out."""
    for resource in resources:
        if not isinstance(resource, dict):
            continue
        if isinstance(resource.get("items"), list) and "spec" not in resource:
            kind = str(resource.get("kind") or "")[: -len("List")]
            yield from ({"kind": kind, **one} for one in flattened(resource["items"]))
        else:
            yield resource


def _images(spec: Any) -> Iterator[Tuple[str, Any]]:
    """(name of the container, image) of every pod template, at whatever place a kind of resource has it. Each part is looked at once."""
    seen: Set[int] = set()
    waiting: List[Any] = [spec]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, (dict, list)) or id(node) in seen:
            continue
        seen.add(id(node))
        inner: List[Any] = []
        for key, value in node.items() if isinstance(node, dict) else ((None, one) for one in node):
            if key in _CONTAINERS and isinstance(value, list):
                yield from ((str(one.get("name") or ""), one.get("image")) for one in value if isinstance(one, dict))
            elif key == "volumes" and isinstance(value, list):
                images = [_mapping(_mapping(one).get("image")) for one in value]
                yield from (("", image["reference"]) for image in images if image.get("reference"))
            else:
                inner.append(value)
        waiting += reversed(inner)


def _digests(resource: Resource) -> Dict[str, List[str]]:
    """What each container of a pod runs: ``imageID`` is ``repository@digest``, a digest alone, or either behind ``docker-pullable://``."""
    status = _mapping(resource.get("status"))
    found: Dict[str, List[str]] = {}
    for one in (each for key in _STATUSES for each in status.get(key) or () if isinstance(each, dict)):
        identifier = str(one.get("imageID") or "")
        found.setdefault(str(one.get("name") or ""), []).append(identifier.rpartition("@")[2].rpartition("//")[2])
    return found


def _has_ended(resource: Resource) -> bool:
    status, kind = _mapping(resource.get("status")), resource.get("kind")
    conditions = [one for one in status.get("conditions") or () if isinstance(one, dict)]
    is_over = any(one.get("type") in ("Complete", "Failed") and one.get("status") == "True" for one in conditions)
    return (kind == "Pod" and status.get("phase") in _ENDED) or (kind == "Job" and is_over)


def _name(resource: Resource) -> str:
    about = _mapping(resource.get("metadata"))
    parts = (about.get("namespace"), resource.get("kind") or "?", about.get("name") or about.get("generateName") or "?")
    return "/".join(str(part) for part in parts if part)


def _detail(resource: Resource) -> str:
    """Who made it, and whether it rests."""
    owners = [one for one in _mapping(resource.get("metadata")).get("ownerReferences") or () if isinstance(one, dict)]
    spec = _mapping(resource.get("spec"))
    told = [f"of {one.get('kind')} {one.get('name')}" for one in owners]
    told += ["suspended"] if spec.get("suspend") is True else []
    return ", ".join(told + (["no replicas"] if spec.get("replicas") == 0 else []))


def _mapping(value: Any) -> Dict[str, Any]:
    return value if isinstance(value, dict) else {}
