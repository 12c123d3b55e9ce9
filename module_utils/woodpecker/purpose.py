# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a pipeline is for, and which one of those that are there is for the same. Pure."""

from __future__ import annotations

from typing import Dict, Iterable, List, NamedTuple, Optional

from .conditions import MANUAL
from .pipeline import Pipeline


class Purpose(NamedTuple):
    """A manual run of a branch with these variables; or, with ``restart_of``, another run of the pipeline of that number."""

    branch: str
    variables: Dict[str, str]
    restart_of: int = 0

    def fits(self, pipeline: Pipeline) -> bool:
        """Whether a pipeline is for this."""
        if self.restart_of:
            return pipeline.parent == self.restart_of
        same = pipeline.event == MANUAL and pipeline.branch == self.branch
        return same and pipeline.variables == self.variables


def under_way(pipelines: Iterable[Pipeline], purpose: Purpose) -> Optional[Pipeline]:
    """The oldest one for this purpose that waits or runs."""
    found = [one for one in pipelines if one.active and purpose.fits(one)]
    return min(found, key=lambda one: one.number) if found else None


def restarted(pipelines: Iterable[Pipeline], purpose: Purpose) -> Optional[Pipeline]:
    """The newest restart that was a success, so that there is nothing to do again."""
    found = [one for one in pipelines if purpose.restart_of and one.status == "success" and purpose.fits(one)]
    return max(found, key=lambda one: one.number) if found else None


def newer(pipelines: Iterable[Pipeline], purpose: Purpose, number: int) -> List[Pipeline]:
    """Those for this purpose that came after a number, the oldest first."""
    found = [one for one in pipelines if one.number > number and purpose.fits(one)]
    return sorted(found, key=lambda one: one.number)
