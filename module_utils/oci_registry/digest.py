# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Digests: parsed strictly, so that no digest can become a path of its own choosing.

The grammar and the registered algorithms are those of the OCI image specification (``descriptor.md``).
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Callable, Dict

from .errors import BadInput

DIGEST = re.compile(r"(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})\Z")

_HASHES: Dict[str, Callable[[bytes], Any]] = {
    "sha256": hashlib.sha256,
    "sha384": hashlib.sha384,
    "sha512": hashlib.sha512,
}


def is_digest(text: object) -> bool:
    """Whether ``text`` is a digest of a supported algorithm, lower case and complete."""
    return isinstance(text, str) and DIGEST.match(text) is not None


def parse_digest(text: object) -> str:
    """Return ``text`` as a digest, or raise :class:`BadInput`."""
    if not is_digest(text):
        raise BadInput(f"{str(text)[:100]!r} is no digest", advice="Expected sha256:<64 lower-case hex digits>")
    return str(text)


def split_digest(digest: str) -> tuple[str, str]:
    """``sha256:abc`` as ``("sha256", "abc")``."""
    algorithm, _colon, encoded = digest.partition(":")
    return algorithm, encoded


def new_hash(digest: str) -> Any:
    """A fresh hashlib object of the digest's algorithm."""
    return _HASHES[digest.partition(":")[0]](b"")


def matches(digest: str, content: bytes) -> bool:
    """Whether ``content`` hashes to ``digest``."""
    algorithm, encoded = split_digest(digest)
    return bool(_HASHES[algorithm](content).hexdigest() == encoded)


def sha256_of(content: bytes) -> str:
    """The sha256 digest of ``content``."""
    return "sha256:" + hashlib.sha256(content).hexdigest()
