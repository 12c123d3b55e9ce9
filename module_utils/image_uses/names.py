# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The names that one registry goes by, and what a reference means in it."""

from __future__ import annotations

import re
from typing import List, NamedTuple, Optional, Sequence, Tuple

from ..compose_file.images import HUB, normalised
from ..oci_registry.errors import BadInput
from ..oci_registry.reference import HOST

_OFFICIAL = "library/"
_HUB_ALIASES = ("index.docker.io", "registry-1.docker.io")
_MOST_STARS = 6  # of a pattern: more would take long to match, and say little


class Named(NamedTuple):
    """What a reference names: ``repositories`` are the names that it may have in the registry."""

    repositories: Tuple[str, ...]
    tag: Optional[str]
    digest: Optional[str]


class Names:
    """``names`` are addresses and aliases, as ``host[:port]``; ``docker.io`` for a cache of Docker Hub. Without any, every host is meant."""

    def __init__(self, names: Sequence[str]) -> None:
        """Raises BadInput for what is no address."""
        for name in names:
            if not HOST.match(name):
                raise BadInput(
                    f"{name[:100]!r} is no address of a registry", advice="Write host or host:port, without a scheme and a path"
                )
        self._names = frozenset(map(_plain, names))

    def find(self, reference: str) -> Optional[Named]:
        """What a reference names in this registry; None for an image of another one, and for what is no image."""
        try:
            found = normalised(reference)
        except BadInput:
            return None
        if self._names and _plain(found.registry) not in self._names:
            return None
        short = found.repository[len(_OFFICIAL) :] if found.registry == HUB and found.repository.startswith(_OFFICIAL) else ""
        return Named(tuple(filter(None, (found.repository, short))), found.tag, found.digest)

    def may_be(self, pattern: str, repository: str, tag: str) -> bool:
        """Whether an image of which only ``pattern`` is known may be this one. Stars stand for what is not known."""
        parts = re.split(r"\*+", pattern.lower().partition("@")[0])
        if len(parts) > _MOST_STARS or not any(parts):
            return True
        expression = re.compile(".*".join(map(re.escape, parts)) + (".*" if "@" in pattern else ""), re.DOTALL)
        return any(expression.fullmatch(text.lower()) for text in self._spellings(pattern, repository, tag))

    def _spellings(self, pattern: str, repository: str, tag: str) -> List[str]:
        hosts = set(self._names) if self._names else {"", pattern.lower().partition("/")[0].replace("*", ""), HUB}
        hosts |= {f"{host}:443" for host in self._names} | ({""} if HUB in hosts else set())
        bare = repository.removeprefix(_OFFICIAL)
        names = [f"{host}/{name}" if host else name for host in hosts for name in (repository, bare)]
        return [f"{name}{end}" for name in names for end in (f":{tag}", *([""] if tag == "latest" else []))]


def _plain(name: str) -> str:
    """A name without its case, and without the port that clients take by themselves."""
    bare = name.lower().removesuffix(":443")
    return HUB if bare in _HUB_ALIASES else bare
