# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the build of an image runs in: whether it can be built while some image is broken. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Sequence

from ..image_uses.names import Names
from .used import Known
from .verdict import Wanted


class Build(NamedTuple):
    """A build that is asked for: the repository that it pushes to, in a registry of these names, its workflow and its step; "" is any."""

    image: str
    wanted: Wanted
    registries: Sequence[str]


def needed(known: Sequence[Known], build: Build) -> List[str]:
    """What a manual run of the fitting workflows runs in, of the registry alone: ``repository:tag``, or ``repository@digest``.

    Raises BadInput for a name of the registry that is none.
    """
    names = Names(build.registries)
    found: Dict[str, None] = {}
    for one in _fitting(known, build, names):
        for reference in one.by_hand:
            named = names.find(reference)
            if named is None:
                continue
            end = f"@{named.digest}" if named.digest else f":{named.tag}"
            found.update(dict.fromkeys(repository + end for repository in named.repositories))
    return list(found)


def _fitting(known: Sequence[Known], build: Build, names: Names) -> List[Known]:
    """The workflow of that name; else those that push the image in such a step; else, where no step says what it pushes, those with the step."""
    image, wanted = build.image, build.wanted
    if wanted.workflow:
        return [one for one in known if one.workflow == wanted.workflow]
    with_step = [(one, push) for one in known for push in one.builds if wanted.step in ("", push["step"])]
    pushing = [one for one, push in with_step if image and any(_is_of(text, image, names) for text in push["images"])]
    silent = [one for one, push in with_step if wanted.step and not all(map(_tells, push["images"] or ["$"]))]
    return pushing or silent


def _is_of(text: str, image: str, names: Names) -> bool:
    """Whether a push, as it is written, goes to a repository. Its tag may be anything, and so may an address that a variable holds."""
    name = _untagged(text)
    named = names.find(name)
    host, _slash, rest = name.partition("/")
    return image in named.repositories if named else "$" in host and rest == image


def _tells(text: str) -> bool:
    """Whether a push, as it is written, says to which repository it goes."""
    host, _slash, rest = _untagged(text).partition("/")
    return "$" not in (rest or host)


def _untagged(text: str) -> str:
    folder, slash, last = text.partition("@")[0].rpartition("/")
    return folder + slash + last.partition(":")[0]


def asked(params: Dict[str, Any]) -> Build:
    """The build that the options of ``woodpecker_images_info`` ask for."""
    return Build(params["image"], Wanted.of(params["workflow"], params["step"]), params["registries"])
