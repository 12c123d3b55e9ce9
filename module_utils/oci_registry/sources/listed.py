# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What another host was seen to have, as ``image_content_export`` tells it in check mode: enough for a plan, no bytes but those of manifests.

Or that it could not be asked, and why: whoever plans must know of it, since it may have everything.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Dict, Mapping, Optional, Sequence

from ..digest import is_digest, matches
from ..errors import BadInput, StoreUnreadable, Unreachable
from .base import ContentSource, Sink


class ListedSource(ContentSource):
    """``contents``: records with ``digest``, ``size`` and, of manifests, ``content`` in base64; ``name``: what plans call it.

    ``problem``: why it could not be asked. What it then has beyond ``contents`` is not known, which is an error to whoever asks.
    """

    def __init__(self, contents: Sequence[Mapping[str, Any]], name: str, problem: str = "") -> None:
        self._sizes: Dict[str, int] = {}
        self._manifests: Dict[str, bytes] = {}
        self._problem = problem
        self.label = name
        for number, record in enumerate(contents):
            digest, size, content = record.get("digest"), record.get("size"), record.get("content") or ""
            if not is_digest(digest) or not str(size).isdigit() or not isinstance(content, str):
                raise BadInput("is no record of image_content_export", where=f"contents[{number}] of the source {name}")
            self._sizes[str(digest)] = int(str(size))
            self._manifests[str(digest)] = _decoded(content)

    def manifest(self, repository: str, digest: str) -> Optional[bytes]:
        """See :class:`Source`."""
        self._demand_known(digest)
        content = self._manifests.get(digest, b"")
        return content if content and matches(digest, content) else None

    def size(self, digest: str) -> Optional[int]:
        """See :class:`ContentSource`."""
        self._demand_known(digest)
        return self._sizes.get(digest)

    def copy_blob(self, repository: str, digest: str, sink: Sink) -> None:
        """See :class:`Source`. There is nothing to copy yet."""
        raise StoreUnreadable("was only listed and not fetched, which is for check mode only", where=f"{self.label}: {digest}")

    def _demand_known(self, digest: str) -> None:
        if self._problem and digest not in self._sizes:
            raise Unreachable(self._problem)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""
