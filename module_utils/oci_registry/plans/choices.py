# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a person decided of a repair, and what the caller knows besides the registry: options, parsed and checked. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from ..digest import is_digest
from ..errors import BadInput
from ..reference import Reference, is_tag, parse_reference
from .facts import Key
from .steps import APPROVABLE

CI, VM, ARCHIVE = "ci", "vm", "archive"
#: how an image can be made again, in the order of what it costs
WAYS = (ARCHIVE, CI, VM)
_REBUILD: Dict[str, Dict[str, Any]] = {
    "image": {"type": "str", "required": True},
    "way": {"type": "str", "choices": list(WAYS), "required": True},
    "possible": {"type": "bool", "default": True},
    "needs": {"type": "str", "default": ""},
    "why": {"type": "str", "default": ""},
}
_STEP = ("action", "repository", "digest", "tags", "state")


def choices_spec() -> Dict[str, Any]:
    """The argument spec of the options; ``doc_fragments/registry_ladder.py`` documents them, and a contract test holds the two equal."""
    return {
        "approve": {"type": "list", "elements": "str", "choices": list(APPROVABLE), "default": []},
        "in_use": {"type": "list", "elements": "str"},
        "in_use_complete": {"type": "bool", "default": True},
        "rebuilds": {"type": "list", "elements": "dict", "options": _REBUILD, "default": []},
        "repoint": {"type": "dict", "default": {}},
        "allow_lost_platforms": {"type": "bool", "default": False},
        "delete": {"type": "list", "elements": "str", "default": []},
        "approved_plan": {"type": "list", "elements": "dict"},
        "approved_digests": {"type": "list", "elements": "str", "default": []},
    }


class Rebuild(NamedTuple):
    """A way to make an image again that the caller knows of; an empty tag stands for every tag of the repository."""

    repository: str
    tag: str
    way: str
    possible: bool
    needs: str
    why: str


@dataclass
class Choices:
    """Images are (repository, tag), in ``in_use`` also (repository, digest)."""

    approve: FrozenSet[str] = frozenset()
    knows_use: bool = False  # whether it was said what is in use: else nothing is deleted but what was named
    in_use: FrozenSet[Key] = frozenset()
    rebuilds: Tuple[Rebuild, ...] = ()
    repoint: Dict[Key, str] = field(default_factory=dict)  # to this digest or tag
    delete: FrozenSet[Key] = frozenset()
    allow_lost_platforms: bool = False
    approved_plan: Optional[Sequence[Mapping[str, Any]]] = None  # steps of an earlier plan; None: whatever is planned
    approved_digests: FrozenSet[str] = frozenset()  # none: all

    @property
    def named(self) -> Set[Key]:
        """The tags of which it is said what is to become of them."""
        return {*self.repoint, *self.delete}

    def is_in_use(self, repository: str, tag: str, digest: str) -> bool:
        """Whether something runs, or is to run, on this image."""
        return (repository, tag) in self.in_use or (repository, digest) in self.in_use

    def rebuilds_of(self, repository: str, tag: str) -> List[Rebuild]:
        """The ways to make this image again, the cheapest first; those for the tag itself before those for its repository."""
        found = [each for each in self.rebuilds if each.repository == repository and each.tag in ("", tag)]
        return sorted(found, key=lambda each: (WAYS.index(each.way), not each.tag))


def choices_from(params: Mapping[str, Any]) -> Choices:
    """The options of the module. Raises :class:`BadInput` for what cannot be meant."""
    registry = params["registry"] or ""
    choices = Choices(
        frozenset(params["approve"] or ()),
        params["in_use"] is not None and bool(params["in_use_complete"]),
        _in_use(params["in_use"] or (), registry),
        tuple(_rebuild(number, each, registry) for number, each in enumerate(params["rebuilds"] or ())),
        {_tag("repoint", image, registry): _target(image, to) for image, to in (params["repoint"] or {}).items()},
        frozenset(_tag("delete", image, registry) for image in params["delete"] or ()),
        bool(params["allow_lost_platforms"]),
        params["approved_plan"],
        frozenset(params["approved_digests"] or ()),
    )
    both = sorted(choices.delete & choices.repoint.keys())
    if both:
        raise BadInput("is named in repoint and in delete", where=":".join(both[0]), advice="Decide for one of them")
    for digest in choices.approved_digests:
        if not is_digest(digest):
            raise BadInput(f"{digest[:100]!r} is no digest", where="approved_digests")
    for number, step in enumerate(choices.approved_plan or ()):
        _check_step(number, step)
    return choices


def _in_use(images: Sequence[str], registry: str) -> FrozenSet[Key]:
    """Those of this registry: whatever is in use elsewhere says nothing here."""
    found = set()
    for image in images:
        reference = parse_reference(image, registry)
        if reference.registry in ("", registry):
            found.add((reference.repository, reference.tag or ""))
            found.add((reference.repository, reference.digest or ""))
    return frozenset(key for key in found if key[1])


def _rebuild(number: int, given: Mapping[str, Any], registry: str) -> Rebuild:
    reference = _own("rebuilds", given["image"], registry)
    tag = (reference.tag or "") if ":" in given["image"].rpartition("/")[2] else ""
    if reference.digest:
        raise BadInput(
            "names a digest", where=f"rebuilds[{number}]", advice="A build makes a new one: name the repository or tag"
        )
    return Rebuild(reference.repository, tag, given["way"], bool(given["possible"]), given["needs"] or "", given["why"] or "")


def _tag(option: str, image: str, registry: str) -> Key:
    reference = _own(option, image, registry)
    if reference.digest or not reference.tag or ":" not in image.rpartition("/")[2]:
        raise BadInput("is no repository with a tag", where=f"{option}: {image[:300]}", advice="Expected repository:tag")
    return reference.repository, reference.tag


def _own(option: str, image: str, registry: str) -> Reference:
    reference = parse_reference(str(image), registry)
    if reference.registry not in ("", registry):
        raise BadInput(f"is not of registry {registry or '(none given)'}", where=f"{option}: {str(image)[:300]}")
    return reference


def _target(image: str, target: Any) -> str:
    if not (is_digest(target) or is_tag(target)):
        what = f"{str(target)[:140]!r} is neither a digest nor a tag"
        raise BadInput(what, where=f"repoint: {image[:300]}", advice="Name an image of the same repository")
    return str(target)


def _check_step(number: int, step: Mapping[str, Any]) -> None:
    missing = [name for name in _STEP if name not in step]
    if missing or not isinstance(step["tags"], (list, tuple)):
        what = f"has no {', '.join(missing)}" if missing else "tags is no list"
        raise BadInput(
            what, where=f"approved_plan[{number}]", advice="Give the plan as registry_repair in check mode returned it"
        )
