# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""References: ``host[:port]/repository[:tag][@digest]``, parsed by the grammar of the distribution project.

Unlike docker's shorthand, nothing is guessed: a repository has no default registry and no ``library/`` prefix.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Optional, Tuple

from .digest import parse_digest
from .errors import BadInput

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*\Z")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z")
HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?\Z")
MAX_REPOSITORY = 255


class Reference(NamedTuple):
    """A repository with a tag, a digest, or both; ``registry`` is empty where the reference names none."""

    registry: str
    repository: str
    tag: Optional[str]
    digest: Optional[str]

    @property
    def target(self) -> str:
        """What a manifest is asked for by: the digest if there is one, else the tag."""
        return self.digest or self.tag or "latest"

    def __str__(self) -> str:
        text = f"{self.registry}/{self.repository}" if self.registry else self.repository
        if self.tag:
            text += f":{self.tag}"
        return f"{text}@{self.digest}" if self.digest else text


def is_repository(name: object) -> bool:
    """Whether ``name`` is a valid repository name."""
    return isinstance(name, str) and len(name) <= MAX_REPOSITORY and REPOSITORY.match(name) is not None


def is_tag(name: object) -> bool:
    """Whether ``name`` is a valid tag."""
    return isinstance(name, str) and TAG.match(name) is not None


def parse_repository(name: object) -> str:
    """Return ``name`` as a repository name, or raise :class:`BadInput`."""
    if not is_repository(name):
        raise BadInput(f"{str(name)[:100]!r} is no repository name", advice="Expected lower-case path components, e.g. team/app")
    return str(name)


def parse_reference(text: str, registry: str = "") -> Reference:
    """Parse ``[registry/]repository[:tag][@digest]``; ``latest`` stands in where neither tag nor digest is given.

    ``registry`` is the registry that is being looked at. The first component of ``text`` is taken for a registry
    only if it equals it, or looks like a host (a dot, a port or ``localhost``) that no repository name may start with.
    """
    rest, digest = text.strip(), None
    if "@" in rest:
        rest, _at, digest_text = rest.partition("@")
        digest = parse_digest(digest_text)
    host, rest = _split_host(rest, registry)
    repository, colon, tag = rest.partition(":")
    if colon and not is_tag(tag):
        raise BadInput(f"{tag[:140]!r} is no tag", where=text[:300], advice="A tag is 1 to 128 of A-Z a-z 0-9 _ . -")
    parse_repository(repository)
    return Reference(host, repository, tag or (None if digest else "latest"), digest)


def parse_tag(text: str, registry: str) -> Tuple[str, str]:
    """Repository and tag of ``[registry/]repository:tag``. Raises :class:`BadInput` for anything else, or where it is of another registry."""
    reference = parse_reference(text, registry)
    if reference.digest or not reference.tag or ":" not in text.rpartition("/")[2]:
        raise BadInput("is no repository with a tag", where=text[:300], advice="Expected repository:tag")
    if reference.registry not in ("", registry):
        raise BadInput(f"is not of registry {registry or '(none given)'}", where=text[:300])
    return reference.repository, reference.tag


def _split_host(text: str, registry: str) -> tuple[str, str]:
    first, slash, rest = text.partition("/")
    if not slash:
        return "", text
    if first == registry or first == "localhost" or ":" in first or ("." in first and first != registry and not registry):
        if not HOST.match(first):
            raise BadInput(f"{first[:100]!r} is no registry host", where=text[:300])
        return first, rest
    return "", text
