# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What can be done to the files behind one digest of one tag: removed, cut short, filled with something else.

Files are replaced by rename, never changed in place, so that hard-linked copies of a store stay whole.
"""

from __future__ import annotations

import json
import os
import re
from typing import Callable, NamedTuple, Optional, Tuple

from .errors import LabError
from .images import digest_of
from .place import blob_path, layer_path, revision_path, tag_path


class Done(NamedTuple):
    """What an action touched."""

    path: str  # of the file that was removed or replaced
    digest: Optional[str] = None  # that the damage is now known by, where it is not the digest that was hit
    tags: Optional[Tuple[str, ...]] = None  # that are hit, where it is not all those that need the digest


#: (root, repository, tag, digest); the digest is that of the thing to hit.
Action = Callable[[str, str, str, str], Done]

_NEVER_PUSHED = digest_of(b"never pushed")
_GARBAGE = b"sha256:../../../../etc/passwd\n"
_FIRST_SIZE = re.compile(rb'("size":\s*\d*)(\d)')


def remove_blob(root: str, repository: str, tag: str, digest: str) -> Done:
    """The bytes go, every link stays."""
    return _removed(blob_path(root, digest))


def remove_revision(root: str, repository: str, tag: str, digest: str) -> Done:
    """The repository no longer serves the manifest; its bytes stay."""
    return _removed(revision_path(root, repository, digest))


def remove_manifest(root: str, repository: str, tag: str, digest: str) -> Done:
    """Both the link and the bytes of a manifest go."""
    remove_revision(root, repository, tag, digest)
    return remove_blob(root, repository, tag, digest)


def remove_layer_link(root: str, repository: str, tag: str, digest: str) -> Done:
    """The repository no longer serves the blob; its bytes stay."""
    return _removed(layer_path(root, repository, digest))


def empty_blob(root: str, repository: str, tag: str, digest: str) -> Done:
    """0 bytes are left."""
    return _replaced(blob_path(root, digest), b"")


def halve_blob(root: str, repository: str, tag: str, digest: str) -> Done:
    """The first half of the bytes is left."""
    path = blob_path(root, digest)
    content = _read(path)
    return _replaced(path, content[: len(content) // 2])


def corrupt_blob(root: str, repository: str, tag: str, digest: str) -> Done:
    """The last byte is another one; the size stays."""
    path = blob_path(root, digest)
    content = _read(path)
    return _replaced(path, content[:-1] + bytes([content[-1] ^ 0xFF]))


def change_digit(root: str, repository: str, tag: str, digest: str) -> Done:
    """One digit of the first size in a manifest is another one: JSON of the same size that the registry still serves."""
    path = blob_path(root, digest)
    before = _read(path)
    after = _FIRST_SIZE.sub(lambda found: found.group(1) + (b"8" if found.group(2) == b"9" else b"9"), before, count=1)
    if after == before:
        raise LabError("a manifest without any size has no digit to change", where=digest)
    return _replaced(path, after)


def hollow_out(root: str, repository: str, tag: str, digest: str) -> Done:
    """The repository no longer serves the manifest, whose config is gone too: its own bytes alone bring nothing back."""
    config = json.loads(_read(blob_path(root, digest)))["config"]["digest"]
    os.unlink(blob_path(root, config))
    return remove_revision(root, repository, tag, digest)


def add_layer_link(root: str, repository: str, tag: str, digest: str) -> Done:
    """A link to a blob that is not there and that no manifest names, as an interrupted collection leaves it."""
    path = layer_path(root, repository, _NEVER_PUSHED)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return _replaced(path, _NEVER_PUSHED.encode())._replace(digest=_NEVER_PUSHED, tags=())


def empty_revision(root: str, repository: str, tag: str, digest: str) -> Done:
    """The link that serves the manifest holds nothing."""
    return _replaced(revision_path(root, repository, digest), b"")


def empty_layer_link(root: str, repository: str, tag: str, digest: str) -> Done:
    """The link that serves the blob holds nothing."""
    return _replaced(layer_path(root, repository, digest), b"")


def spoil_layer_link(root: str, repository: str, tag: str, digest: str) -> Done:
    """The link that serves the blob holds something that only looks like a digest."""
    return _replaced(layer_path(root, repository, digest), _GARBAGE)


def empty_tag(root: str, repository: str, tag: str, digest: str) -> Done:
    """The tag's link holds nothing."""
    return _replaced(tag_path(root, repository, tag), b"")._replace(digest="", tags=(tag,))


def spoil_tag(root: str, repository: str, tag: str, digest: str) -> Done:
    """The tag's link holds something that only looks like a digest."""
    return _replaced(tag_path(root, repository, tag), _GARBAGE)._replace(digest="", tags=(tag,))


def misdirect_tag(root: str, repository: str, tag: str, digest: str) -> Done:
    """The tag points at a manifest that was never there."""
    done = _replaced(tag_path(root, repository, tag), _NEVER_PUSHED.encode())
    return done._replace(digest=_NEVER_PUSHED, tags=(tag,))


def _removed(path: str) -> Done:
    os.unlink(path)
    return Done(path)


def _replaced(path: str, content: bytes) -> Done:
    with open(path + ".new", "wb") as file:
        file.write(content)
    os.replace(path + ".new", path)
    return Done(path)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
