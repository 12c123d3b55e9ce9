# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which of the wanted digests, and of all that these need, some places on this host hold."""

from __future__ import annotations

import base64
from collections import deque
from dataclasses import dataclass, field
from typing import Deque, Dict, FrozenSet, List, Optional, Sequence

from ..errors import RegistryError
from ..model import MAX_DEPTH, InvalidManifest, Manifest, parse_manifest
from ..reach import child_role
from ..sources import ContentSource

_BLOB, _MANIFESTS = "blob", ("manifest", "index")


@dataclass
class Content:
    """One digest. ``sources`` are those that seem to have it; none: it is missing, ``why`` says more than that where there is more."""

    digest: str
    role: str  # index, manifest, config, layer; blob where nobody knows
    needed_by: str = ""  # the manifest that names it; empty for what was asked for
    claimed: Optional[int] = None  # its size in bytes, as the manifest says that names it
    size: Optional[int] = None  # in bytes, as it is here
    media_type: str = ""  # of a manifest
    content: Optional[bytes] = None  # of a manifest
    sources: List[ContentSource] = field(default_factory=list)
    why: str = ""

    def as_dict(self) -> Dict[str, object]:
        """What the module tells of it: plain JSON types, the bytes of manifests in base64."""
        told = {"digest": self.digest, "role": self.role, "size": self.size or self.claimed or 0, "needed_by": self.needed_by}
        return dict(told, content=base64.b64encode(self.content).decode()) if self.media_type and self.content else told


class Held:
    """What was looked at, in ``contents`` by digest; ``problems``: what could not be looked at."""

    def __init__(self, sources: Sequence[ContentSource], unneeded: FrozenSet[str] = frozenset()) -> None:
        """``unneeded`` digests are not looked for, nor what only they need."""
        self.contents: Dict[str, Content] = {}
        self.problems: Dict[str, None] = {}  # in order, each once
        self._sources = sources
        self._unneeded = unneeded

    def look(self, digests: Sequence[str]) -> None:
        """Look for ``digests``, manifests or not, and for all that these need as far as their manifests are here."""
        waiting: Deque[tuple[Content, int]] = deque()

        def expect(content: Content, depth: int) -> None:
            if content.digest not in self.contents and content.digest not in self._unneeded and depth <= MAX_DEPTH:
                self.contents[content.digest] = content
                waiting.append((content, depth))

        for digest in digests:
            expect(Content(digest, _BLOB), 0)
        while waiting:
            content, depth = waiting.popleft()
            manifest = self._find(content)
            if manifest is None:
                continue
            for child in manifest.children:
                expect(Content(child.digest, child_role(child), content.digest, child.size), depth + 1)
            for blob in manifest.blobs():
                role = "config" if blob is manifest.config else "layer"
                expect(Content(blob.digest, role, content.digest, blob.size), depth + 1)

    def _find(self, content: Content) -> Optional[Manifest]:
        manifest = self._find_manifest(content) if content.role in (_BLOB, *_MANIFESTS) else None
        if manifest is None and content.role not in _MANIFESTS and not content.sources:
            content.sources = [source for source in self._sources if self._has(source, content)]
        return manifest

    def _find_manifest(self, content: Content) -> Optional[Manifest]:
        for source in self._sources:
            found = self._manifest_from(source, content.digest)
            if found is None:
                continue
            content.content, content.size, content.sources = found, len(found), [source]
            try:
                manifest = parse_manifest(found)
            except InvalidManifest:
                return None
            content.role = "index" if manifest.kind == "index" else "manifest"
            content.media_type = manifest.media_type
            return manifest
        return None

    def _manifest_from(self, source: ContentSource, digest: str) -> Optional[bytes]:
        try:
            return source.manifest("", digest)
        except RegistryError as error:
            self.problems[str(error)] = None
            return None

    def _has(self, source: ContentSource, content: Content) -> bool:
        try:
            size = source.size(content.digest)
        except RegistryError as error:
            self.problems[str(error)] = None
            return False
        if size is None:
            return False
        if content.claimed not in (None, size):
            content.why = f"{source.label} has {size} bytes, not {content.claimed}"
            return False
        content.size = size if content.size is None else content.size
        return True
