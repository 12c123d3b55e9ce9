# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Pipelines and their restarts: a restart names the one that it runs again, which may be a restart itself. Pure."""

from __future__ import annotations

from typing import Dict, Iterable, List, Optional, Sequence

from .pipeline import Pipeline


def descendants(pipelines: Iterable[Pipeline], number: int) -> List[Pipeline]:
    """The restarts of a pipeline, the restarts of these and so on, the oldest first."""
    found: Dict[int, Pipeline] = {}
    for one in _by_number(pipelines):
        if one.parent and (one.parent == number or one.parent in found):
            found[one.number] = one
    return list(found.values())


def families(pipelines: Iterable[Pipeline]) -> List[List[Pipeline]]:
    """Every pipeline with all that is a restart of it, the oldest first; those of one that is not among them are a family as well."""
    roots: Dict[int, int] = {}
    found: Dict[int, Dict[int, Pipeline]] = {}
    for one in _by_number(pipelines):
        root = roots[one.number] = roots.get(one.parent, one.parent) or one.number
        found.setdefault(root, {})[one.number] = one
    return [list(members.values()) for members in found.values()]


def telling(restarts: Sequence[Pipeline]) -> Optional[Pipeline]:
    """The restart that tells most, None without any: the newest success, else the newest that has not ended, else the newest."""
    for fits in (lambda one: one.status == "success", lambda one: not one.ended, lambda _one: True):
        found = [one for one in restarts if fits(one)]
        if found:
            return found[-1]
    return None


def _by_number(pipelines: Iterable[Pipeline]) -> List[Pipeline]:
    return sorted(pipelines, key=lambda one: one.number)
