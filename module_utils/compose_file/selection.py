# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which services are meant: by name, by pattern, by the image that they have now."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Dict, List, Mapping, Optional, Sequence

from ..oci_registry.errors import BadInput
from .images import normalised, same_repository

_MAX_SHOWN = 20


def select(images: Mapping[str, Optional[str]], patterns: Sequence[str], match: Optional[str]) -> List[str]:
    """Names of the services that are meant, in the order of ``images``, which maps every service to its image (None without one).

    ``patterns`` are names or shell patterns; without any, all services are looked at. ``match`` then keeps those of its repository.
    Raises BadInput for a pattern that names no service, and if nothing is left.
    """
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in images):
            raise BadInput(f"no service is named {pattern!r}", advice=f"There are: {_listed(images)}")
    named = [name for name in images if not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)]
    if match is None:
        return named
    repository = normalised(match)
    matching = [name for name in named if same_repository(images[name] or "", repository)]
    if not matching:
        found: Dict[str, None] = dict.fromkeys(images[name] or "(none)" for name in named)
        what = f"no service that is meant has an image of {repository.registry}/{repository.repository}"
        raise BadInput(what, advice=f"They have: {_listed(found)}")
    return matching


def _listed(names: Mapping[str, object]) -> str:
    shown = sorted(names)[:_MAX_SHOWN]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(names) > len(shown) else "")
