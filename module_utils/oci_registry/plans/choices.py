# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a person decided of a repair, and what the caller knows besides the registry: options, parsed and checked. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Callable, Dict, FrozenSet, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from ..digest import is_digest
from ..errors import BadInput
from ..reference import Reference, is_repository, is_tag, parse_reference
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
    """Images are (repository, tag), in ``in_use`` also (repository, digest).

    Where no registry is given, ``quay.io/app:1`` may be ``app:1`` or a repository ``quay.io/app``. For what is in use both count; of a tag
    that is to be changed both stand in ``delete`` or ``repoint``, and in ``either``, until :meth:`settled` knows which there is.
    """

    approve: FrozenSet[str] = frozenset()
    knows_use: bool = False  # whether it was said what is in use: else nothing is deleted but what was named
    in_use: FrozenSet[Key] = frozenset()
    rebuilds: Tuple[Rebuild, ...] = ()
    repoint: Dict[Key, str] = field(default_factory=dict)  # to this digest or tag
    delete: FrozenSet[Key] = frozenset()
    allow_lost_platforms: bool = False
    approved_plan: Optional[Sequence[Mapping[str, Any]]] = None  # steps of an earlier plan; None: whatever is planned
    approved_digests: FrozenSet[str] = frozenset()  # none: all
    either: Tuple[Tuple[Key, ...], ...] = ()

    @property
    def named(self) -> Set[Key]:
        """The tags of which it is said what is to become of them."""
        return {*self.repoint, *self.delete}

    def is_in_use(self, repository: str, tag: str, digests: Iterable[str]) -> bool:
        """Whether something runs, or is to run, on this image. ``digests``: its own, and those of its platforms, by which nodes name it."""
        return (repository, tag) in self.in_use or any((repository, digest) in self.in_use for digest in digests)

    def uses_digests_of(self, repository: str) -> bool:
        """Whether something of this repository is in use by a digest."""
        return any(name == repository and is_digest(target) for name, target in self.in_use)

    def settled(self, is_there: Callable[[Key], bool]) -> Choices:
        """The same, with that reading of each tag which there is. Raises :class:`BadInput` where there are both."""
        dropped: Set[Key] = set()
        for readings in self.either:
            there = [key for key in readings if is_there(key)]
            if len(there) > 1:
                what = f"may be {' or '.join(':'.join(key) for key in there)}"
                raise BadInput(what, where=":".join(readings[-1]), advice="Write host:port/repository:tag, which is clear")
            dropped.update(set(readings) - {*(there or readings[:1])})
        repoint = {key: to for key, to in self.repoint.items() if key not in dropped}
        return replace(self, repoint=repoint, delete=self.delete - dropped, either=())

    def rebuilds_of(self, repository: str, tag: str) -> List[Rebuild]:
        """The ways to make this image again, the cheapest first; those for the tag itself before those for its repository."""
        found = [each for each in self.rebuilds if each.repository == repository and each.tag in ("", tag)]
        return sorted(found, key=lambda each: (WAYS.index(each.way), not each.tag))


def choices_from(params: Mapping[str, Any]) -> Choices:
    """The options of the module. Raises :class:`BadInput` for what cannot be meant."""
    registry = params["registry"] or ""
    repoint = {image: _tags("repoint", image, registry) for image in params["repoint"] or {}}
    delete = [_tags("delete", image, registry) for image in params["delete"] or ()]
    choices = Choices(
        frozenset(params["approve"] or ()),
        params["in_use"] is not None and bool(params["in_use_complete"]),
        _in_use(params["in_use"] or (), registry),
        tuple(way for number, each in enumerate(params["rebuilds"] or ()) for way in _rebuilds(number, each, registry)),
        {key: _target(image, params["repoint"][image]) for image, keys in repoint.items() for key in keys},
        frozenset(key for keys in delete for key in keys),
        bool(params["allow_lost_platforms"]),
        params["approved_plan"],
        frozenset(params["approved_digests"] or ()),
        tuple(keys for keys in (*repoint.values(), *delete) if len(keys) > 1),
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
        for reference in _readings(image, registry):
            found.add((reference.repository, reference.tag or ""))
            found.add((reference.repository, reference.digest or ""))
    return frozenset(key for key in found if key[1])


def _readings(image: str, registry: str) -> List[Reference]:
    """What an image may be of this registry; none where it is of another. Without a registry, every host is meant as its address."""
    reference = parse_reference(image, registry)
    if registry or not reference.registry:
        return [reference] if reference.registry in ("", registry) else []
    whole = f"{reference.registry}/{reference.repository}"
    return [reference, *([reference._replace(registry="", repository=whole)] if is_repository(whole) else [])]


def _rebuilds(number: int, given: Mapping[str, Any], registry: str) -> List[Rebuild]:
    readings = _own("rebuilds", given["image"], registry)
    tag = (readings[0].tag or "") if ":" in given["image"].rpartition("/")[2] else ""
    if readings[0].digest:
        raise BadInput(
            "names a digest", where=f"rebuilds[{number}]", advice="A build makes a new one: name the repository or tag"
        )
    how = (given["way"], bool(given["possible"]), given["needs"] or "", given["why"] or "")
    return [Rebuild(reference.repository, tag, *how) for reference in readings]


def _tags(option: str, image: str, registry: str) -> Tuple[Key, ...]:
    readings = _own(option, image, registry)
    if readings[0].digest or not readings[0].tag or ":" not in str(image).rpartition("/")[2]:
        raise BadInput("is no repository with a tag", where=f"{option}: {image[:300]}", advice="Expected repository:tag")
    return tuple((reference.repository, reference.tag or "") for reference in readings)


def _own(option: str, image: str, registry: str) -> List[Reference]:
    readings = _readings(str(image), registry)
    if not readings:
        raise BadInput(f"is not of registry {registry}", where=f"{option}: {str(image)[:300]}")
    return readings


def _target(image: str, target: Any) -> str:
    if not (is_digest(target) or is_tag(target)):
        what = f"{str(target)[:140]!r} is neither a digest nor a tag"
        raise BadInput(what, where=f"repoint: {image[:300]}", advice="Name an image of the same repository")
    return str(target)


def _check_step(number: int, step: Mapping[str, Any]) -> None:
    missing = [name for name in _STEP if name not in step]
    wrong = [name for name in _STEP if name in step and name != "tags" and not isinstance(step[name], str)]
    tags = step.get("tags")
    if missing or wrong or not isinstance(tags, (list, tuple)) or not all(isinstance(tag, str) for tag in tags):
        what = f"has no {', '.join(missing)}" if missing else f"{wrong[0]} is no text" if wrong else "tags is no list of texts"
        raise BadInput(
            what, where=f"approved_plan[{number}]", advice="Give the plan as registry_repair in check mode returned it"
        )
