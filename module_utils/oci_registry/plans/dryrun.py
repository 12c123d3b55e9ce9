# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the dry run of a garbage collection says: the text of ``registry garbage-collect --dry-run``, of 2.8 and of 3.x.

2.8 names an untagged manifest while it marks its repository: ``manifest eligible for deletion: sha256:…``. 3.x does so at the end, as
``manifest eligible for deletion: {repository sha256:… [tags]}``, and also removes layer links. Both sum up with
``N blobs marked, N blobs and N manifests eligible for deletion``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import List, Optional, Set, Tuple

from ..digest import is_digest
from ..reference import is_repository

Key = Tuple[str, str]  # repository, digest

_SUMMARY = re.compile(r"(\d+) blobs marked, (\d+) blobs and (\d+) manifests eligible for deletion\Z")
_BLOB = "blob eligible for deletion: "
_MANIFEST = "manifest eligible for deletion: "
_LAYER_LINK = ": layer link eligible for deletion: "
_MARKING = re.compile(r"\S+: marking (?:manifest|blob) \S+\Z")
_NO_TAGS = re.compile(r"manifest tags path of repository \S+ does not exist\Z")
_LOG_LINE = re.compile(r'time="|\{"|time=\S+ level=')
_MAX_SHOWN = 200


@dataclass
class DryRun:
    """What the collection would delete. ``problem``: why the text cannot be relied on; empty where it can."""

    repositories: Set[str] = field(default_factory=set)  # all that it looked at
    manifests: Set[Key] = field(default_factory=set)  # their revision links
    blobs: Set[str] = field(default_factory=set)
    layer_links: Set[Key] = field(default_factory=set)
    problem: str = ""
    said: List[str] = field(default_factory=list)  # the last lines, where it failed

    @property
    def is_empty(self) -> bool:
        """Whether it would delete nothing."""
        return not (self.manifests or self.blobs or self.layer_links)


class DryRunParser:
    """Takes the text line by line, since it is hundreds of megabytes for a large store."""

    def __init__(self) -> None:
        self._found = DryRun()
        self._repository = ""
        self._manifest_lines = 0
        self._summary: Optional[Tuple[int, int]] = None  # blobs, manifests

    def feed(self, line: str) -> None:
        """One line, with or without its end."""
        line = line.strip()
        if not line or _MARKING.match(line):
            return
        if not self._take(line) and not self._found.problem:
            self._found.problem = f"a line that is none of a dry run: {line[:_MAX_SHOWN]!r}"

    def finish(self) -> DryRun:
        """All lines were fed."""
        found = self._found
        if found.problem:
            return found
        if self._summary is None:
            found.problem = "it has no summary line: was it cut short, or told to be quiet?"
        elif self._summary != (len(found.blobs), self._manifest_lines):
            blobs, manifests = self._summary
            found.problem = (
                f"it counts {blobs} blobs and {manifests} manifests, and names {len(found.blobs)} and {self._manifest_lines}"
            )
        return found

    def _take(self, line: str) -> bool:
        """Whether the line was understood."""
        if line.startswith(_BLOB):
            return self._take_blob(line[len(_BLOB) :])
        if line.startswith(_MANIFEST):
            return self._take_manifest(line[len(_MANIFEST) :])
        if _LAYER_LINK in line:
            return self._take_layer_link(*line.split(_LAYER_LINK, 1))
        summary = _SUMMARY.match(line)
        if summary:
            self._summary = (int(summary[2]), int(summary[3]))
            return True
        if is_repository(line):
            self._repository = line
            self._found.repositories.add(line)
            return True
        return bool(_NO_TAGS.match(line) or _LOG_LINE.match(line))

    def _take_blob(self, digest: str) -> bool:
        self._found.blobs.add(digest)
        return is_digest(digest)

    def _take_manifest(self, text: str) -> bool:
        self._manifest_lines += 1
        repository, digest = self._repository, text
        if text.startswith("{") and text.endswith("}"):
            repository, _space, rest = text[1:-1].partition(" ")
            digest = rest.partition(" ")[0]
        self._found.manifests.add((repository, digest))
        return bool(repository) and is_digest(digest)

    def _take_layer_link(self, repository: str, digest: str) -> bool:
        self._found.layer_links.add((repository, digest))
        return is_repository(repository) and is_digest(digest)
