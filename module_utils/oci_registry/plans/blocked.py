# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What cannot be done any more because something else was not done. Pure."""

from __future__ import annotations

from typing import Set

from . import steps
from .facts import Evidence, Key
from .steps import Step


class Blocked:
    """Collects steps that were not done. Lost bytes are missing everywhere, a link only in its repository."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._bytes: Set[str] = set()
        self._links: Set[Key] = set()

    def add(self, step: Step) -> None:
        """This one was not done."""
        if step.action == steps.RESTORE:
            self._bytes.add(step.digest)
        elif step.action == steps.RELINK:
            self._links.add(step.key)

    def by(self, step: Step) -> str:
        """The digest of something that a step of the repair by digests needs and that is not done; empty where there is none."""
        if step.action not in (steps.RESTORE, steps.RELINK, steps.LINK_TAG):
            return ""
        node = self._evidence.nodes.get(step.key)
        needed = {step.digest}
        if node is not None and node.manifest is not None:
            needed.update(item.digest for item in node.manifest.references())
        missing = {digest for digest in needed if digest in self._bytes or (step.repository, digest) in self._links}
        return min(missing, default="")
