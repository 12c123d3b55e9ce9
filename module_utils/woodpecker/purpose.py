# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a pipeline is for, and which one of those that are there is for the same. Pure."""

from __future__ import annotations

from typing import Dict, Iterable, List, NamedTuple, Optional

from .conditions import MANUAL
from .families import descendants
from .pipeline import Pipeline


class Purpose(NamedTuple):
    """A manual run of a branch with these variables; or, with ``restart_of``, another run of the pipeline of that number."""

    branch: str
    variables: Dict[str, str]
    restart_of: int = 0

    def among(self, pipelines: Iterable[Pipeline]) -> List[Pipeline]:
        """Those that are for this, the oldest first: of a restart, the restarts of restarts too.

        A restart of a manual run is for something else than a new one: it has the commit and the files of then.
        """
        if self.restart_of:
            return descendants(pipelines, self.restart_of)
        by_hand = (one for one in pipelines if one.event == MANUAL and one.branch == self.branch and not one.parent)
        return sorted((one for one in by_hand if one.variables == self.variables), key=lambda one: one.number)

    def keeps(self, pipeline: Pipeline) -> bool:
        """Whether a pipeline that is for this will do it, so that none is to be started: a restart that waits for approval, too."""
        return pipeline.active or (bool(self.restart_of) and not pipeline.ended)


def under_way(pipelines: Iterable[Pipeline], purpose: Purpose) -> Optional[Pipeline]:
    """The oldest one for this purpose that waits or runs."""
    return next((one for one in purpose.among(pipelines) if purpose.keeps(one)), None)


def restarted(pipelines: Iterable[Pipeline], purpose: Purpose) -> Optional[Pipeline]:
    """The newest restart that was a success, so that there is nothing to do again."""
    found = [one for one in purpose.among(pipelines) if purpose.restart_of and one.status == "success"]
    return found[-1] if found else None


def newer(pipelines: Iterable[Pipeline], purpose: Purpose, number: int) -> List[Pipeline]:
    """Those for this purpose that came after a number, the oldest first."""
    return [one for one in purpose.among(pipelines) if one.number > number]
