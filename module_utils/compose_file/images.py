# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Images as Docker spells them: ``registry:2`` is ``docker.io/library/registry:2``; which tags float; what is wanted instead."""

from __future__ import annotations

import re
from typing import Iterable, Iterator, NamedTuple, Optional, Sequence

from ..oci_registry.digest import is_digest, parse_digest
from ..oci_registry.errors import BadInput
from ..oci_registry.reference import Reference, is_tag, parse_reference

HUB = "docker.io"
_HUB_ALIASES = (HUB, "index.docker.io")
_FULL_VERSION = re.compile(r"v?\d+\.\d+\.\d+(?:[-.+_].*)?\Z")
_FORMS = "Write an image as repository:tag, repository:tag@digest or repository@digest; :tag and @digest keep the repository of each service"


def normalised(text: str) -> Reference:
    """An image by Docker's rules, registry and ``library/`` filled in. Raises BadInput for what is no image."""
    reference = parse_reference(text)
    if reference.registry not in ("", *_HUB_ALIASES):
        return reference
    official = "/" not in reference.repository
    return reference._replace(registry=HUB, repository=f"library/{reference.repository}" if official else reference.repository)


def same_repository(image: str, other: Reference) -> bool:
    """Whether ``image`` is of the repository of ``other`` (normalised), whatever its tag or digest. What is no image is of none."""
    try:
        mine = normalised(image)
    except BadInput:
        return False
    return (mine.registry, mine.repository) == (other.registry, other.repository)


def spellings(image: str) -> Iterator[str]:
    """The same image in every way that Docker takes, the given one first."""
    yield image
    reference = normalised(image)
    if reference.registry != HUB:
        return
    ending = _ending(reference, image)
    short = reference.repository.removeprefix("library/")
    for name in (short, reference.repository, f"{HUB}/{reference.repository}", f"{HUB}/{short}"):
        if name + ending != image:
            yield name + ending


def _ending(reference: Reference, image: str) -> str:
    """``:tag@digest`` as far as the image has them."""
    tag = f":{reference.tag}" if reference.tag and f":{reference.tag}" in image else ""
    return tag + (f"@{reference.digest}" if reference.digest else "")


class Wanted(NamedTuple):
    """The image that services shall have. ``keeps_repository``: ``text`` is only ``:tag``, ``@digest`` or both."""

    text: str
    keeps_repository: bool

    def instead_of(self, image: str) -> str:
        """The image for a service that has ``image`` now. Raises BadInput where that has no repository to keep."""
        if not self.keeps_repository:
            return self.text
        parse_reference(image)
        name = image.partition("@")[0]
        folder, slash, last = name.rpartition("/")
        return folder + slash + last.partition(":")[0] + self.text


def parse_wanted(text: str) -> Wanted:
    """The option ``image``. Raises BadInput for what is no image."""
    given = text.strip()
    if is_digest(given):
        given = f"@{given}"
    if not given.startswith((":", "@")):
        _checked(given)
        return Wanted(given, False)
    tag, at, digest = given.partition("@")
    if (tag and not is_tag(tag[1:])) or (at and not is_digest(digest)):
        raise BadInput(f"{given[:300]!r} is neither a tag nor a digest", advice=_FORMS)
    return Wanted(given, True)


def _checked(image: str) -> Reference:
    try:
        reference = normalised(image)
        return reference if reference.digest is None else reference._replace(digest=parse_digest(reference.digest))
    except BadInput as error:
        raise BadInput(f"{image[:300]!r} is no image ({error.what})", advice=_FORMS) from None


def is_floating(image: str) -> bool:
    """Whether what ``image`` names can change: no digest, and a tag that is no full version such as 2.8.3 or v2.8.3-alpine."""
    reference = normalised(image)
    return reference.digest is None and not _FULL_VERSION.match(reference.tag or "")


def refuse_floating(images: Iterable[str], allowed: Sequence[str]) -> None:
    """Raises BadInput for the first floating image that is not allowed by its tag or its name."""
    for image in images:
        if is_floating(image) and not any(_allows(entry, image) for entry in allowed):
            tag = normalised(image).tag
            what = f"{image} floats: the tag {tag} can name another image tomorrow"
            raise BadInput(what, advice="Name a full version or a digest, or add it to allow_floating")


def _allows(entry: str, image: str) -> bool:
    reference = normalised(image)
    if entry == reference.tag:
        return True
    allowed = _entry(entry)
    if allowed is None or not same_repository(image, allowed):
        return False
    return allowed.tag == reference.tag or not _ending(allowed, entry)


def _entry(entry: str) -> Optional[Reference]:
    try:
        return normalised(entry)
    except BadInput:
        return None
