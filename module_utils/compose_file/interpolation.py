# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which part of a value to change so that compose makes the wanted image of it, variables being what they are."""

from __future__ import annotations

from typing import Iterator, List, NamedTuple, Optional, Tuple

from ..oci_registry.errors import BadInput
from .environment import Environment
from .images import spellings
from .template import Literal, Part, Variable, parse_template

_SEPARATORS = "/:@"


class Change(NamedTuple):
    """``value[start:end]`` becomes ``text``."""

    start: int
    end: int
    text: str

    def of(self, value: str) -> str:
        """The value after the change."""
        return value[: self.start] + self.text + value[self.end :]


class _Leaf(NamedTuple):
    """Literal text that could be changed, with what compose puts before and after it. ``alone``: nothing stands beside it in its braces."""

    start: int
    end: int
    text: str
    before: str
    after: str
    alone: bool


def change_to(value: str, image: str, environment: Environment) -> Optional[Change]:
    """The one change of ``value`` that makes it ``image``; None if it is that already. Raises BadInput where a variable decides."""
    parts = parse_template(value)
    current = environment.evaluate(parts)
    if not any(isinstance(part, Variable) for part in parts):
        return None if current == image else Change(0, len(value), image)
    if current in spellings(image):
        return None
    leaves = sorted(_leaves(parts, "", "", environment, inside=False), key=lambda leaf: not leaf.alone)
    for spelling in spellings(image):
        for leaf in leaves:
            text = _replacement(leaf, spelling)
            change = Change(leaf.start, leaf.end, text or "")
            if text and environment.evaluate(parse_template(change.of(value))) == spelling:
                return change
    raise BadInput(f"is made of {_told(parts, environment)}, and no default of it can make {image}", advice="Set it there")


def _leaves(parts: Tuple[Part, ...], before: str, after: str, environment: Environment, *, inside: bool) -> Iterator[_Leaf]:
    for number, part in enumerate(parts):
        left = before + environment.evaluate(parts[:number])
        right = environment.evaluate(parts[number + 1 :]) + after
        if isinstance(part, Literal):
            yield _Leaf(part.start, part.end, part.text, left, right, inside and len(parts) == 1)
        elif part.operator.endswith("-") and not environment.is_set(part):
            yield from _leaves(part.argument, left, right, environment, inside=True)


def _replacement(leaf: _Leaf, image: str) -> Optional[str]:
    """The text for a leaf that makes the whole ``image``; None if none does, or only one that cuts through a name or a version."""
    if not image.startswith(leaf.before) or not image.endswith(leaf.after) or len(image) <= len(leaf.before + leaf.after):
        return None
    text = image[len(leaf.before) : len(image) - len(leaf.after)]
    is_whole = _parted(leaf.before[-1:], leaf.text[:1], text[:1]) and _parted(leaf.after[:1], leaf.text[-1:], text[-1:])
    return text if leaf.alone or is_whole else None


def _parted(neighbour: str, old: str, new: str) -> bool:
    """Whether a separator stands, and stays, between a text and its neighbour."""
    return not neighbour or neighbour in _SEPARATORS or (old == new and new in _SEPARATORS)


def _told(parts: Tuple[Part, ...], environment: Environment) -> str:
    names: List[str] = []
    for part in parts:
        if isinstance(part, Variable):
            setting = environment.get(part.name)
            names.append(f"{part.name} (set in {setting.where})" if setting else f"{part.name} (not set)")
            if setting is None and part.argument:
                names += filter(None, [_told(part.argument, environment)])
    return ", ".join(names)
