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
        if self._is_missing(step.repository, step.digest):
            return step.digest
        node = self._evidence.nodes.get(step.key)
        if node is None or node.manifest is None:
            return ""
        needed = {item.digest for item in node.manifest.references()}
        missing = {digest for digest in needed if self._is_missing(step.repository, digest)}
        if node.role == "index" and missing != needed and self._evidence.has_disk:
            return ""  # the platforms that are there can be pulled: a registry refuses such an index, and the disk takes it
        return min(missing, default="")

    def _is_missing(self, repository: str, digest: str) -> bool:
        return digest in self._bytes or (repository, digest) in self._links
