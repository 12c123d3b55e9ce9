# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which images are broken, each with every digest under which somebody may use it: from findings, plans and graphs of a registry."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Set, Tuple

from ..oci_registry.digest import is_digest
from ..oci_registry.errors import BadInput
from ..oci_registry.findings import INFO

Record = Mapping[str, Any]
Key = Tuple[str, str]  # repository and tag; a digest in place of the tag where no tag is known


class Broken(NamedTuple):
    """One image. ``complete``: ``digests`` are all that belong to it, so that another digest means another image."""

    repository: str
    tag: str
    digests: Set[str]
    complete: bool

    @property
    def image(self) -> str:
        """``repository:tag``, or ``repository@digest`` where no tag is hit."""
        return f"{self.repository}{'@' if is_digest(self.tag) else ':'}{self.tag}"


def broken_images(findings: Sequence[Record], images: Sequence[Record], graph: Record) -> List[Broken]:
    """All of them, each once, by name.

    ``findings`` as observers return them; wasted space breaks nothing. ``images``: ``repository``, ``tag`` or ``tags``, and ``digest`` or
    ``digests`` where they are known. ``graph``: ``nodes`` with ``repository``, ``digest``, ``parent`` and ``tags``. Raises BadInput for
    anything else.
    """
    found: Dict[Key, Set[str]] = {}
    for one in [*findings, *images]:
        if one.get("severity") == INFO:
            continue
        digests = _digests(one)
        for tag in _tags(one, digests):
            found.setdefault((_repository(one), tag), set()).update(digests)
    nodes = _by_repository(graph.get("nodes") or [])
    whole = {(_repository(one), tag) for one in images for tag in _tags(one, _digests(one)) if is_digest(one.get("digest"))}
    made = [_made(key, found[key], nodes.get(key[0], []), key in whole) for key in sorted(found)]
    return [one for one in made if not _is_covered(one, made)]


def _made(key: Key, digests: Set[str], nodes: Sequence[Record], whole: bool) -> Broken:
    repository, tag = key
    reached = {str(node["digest"]) for node in nodes if tag in (node.get("tags") or ()) or node["digest"] == tag}
    if not reached and not whole:
        return Broken(repository, tag, digests, False)
    return Broken(repository, tag, digests | _below(digests | reached, nodes) | reached, True)


def _below(tops: Set[str], nodes: Sequence[Record]) -> Set[str]:
    """The digests of all that some manifests name, and of what that names in turn."""
    found: Set[str] = set()
    waiting = list(tops)
    while waiting:
        parent = waiting.pop()
        new = {str(node["digest"]) for node in nodes if node.get("parent") == parent} - found
        found |= new
        waiting += new
    return found


def _is_covered(one: Broken, others: Iterable[Broken]) -> bool:
    """Whether an image that has no tag of its own is part of one that has."""
    if not is_digest(one.tag):
        return False
    return any(other.repository == one.repository and not is_digest(other.tag) and one.tag in other.digests for other in others)


def _repository(one: Record) -> str:
    repository = one.get("repository")
    if not isinstance(repository, str) or not repository:
        raise BadInput(
            f"{str(one)[:200]} names no repository", advice="Give findings, images or nodes as this project's modules return them"
        )
    return repository


def _tags(one: Record, digests: Set[str]) -> List[str]:
    """The tags that are hit, ``@digest`` as the digest; without any, the outermost digest that is known."""
    tags = [one["tag"]] if one.get("tag") else [str(tag).lstrip("@") for tag in one.get("tags") or ()]
    outermost = [str(one[key]) for key in ("parent", "digest") if is_digest(one.get(key))] or sorted(digests)
    return tags or outermost[:1]


def _digests(one: Record) -> Set[str]:
    given = [
        *(one.get("digests") or ()),
        one.get("digest"),
        one.get("parent"),
        *(str(tag).lstrip("@") for tag in one.get("tags") or ()),
    ]
    return {digest for digest in given if is_digest(digest)}


def _by_repository(nodes: Sequence[Record]) -> Dict[str, List[Record]]:
    found: Dict[str, List[Record]] = {}
    for node in nodes:
        if is_digest(node.get("digest")):
            found.setdefault(_repository(node), []).append(node)
    return found
