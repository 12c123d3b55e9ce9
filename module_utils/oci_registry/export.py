# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a host still has of wanted digests, as one OCI archive: the brain of the module ``image_content_export``."""

from __future__ import annotations

import contextlib
import functools
import json
import os
from typing import Any, Dict, Iterable, Iterator, List, Mapping

from .apply.tar import TarWriter
from .apply.workplace import sync_folder, writing
from .digest import new_hash, parse_digest, split_digest
from .errors import ApplyFailed, BadInput, RegistryError
from .evidence.held import Content, Held
from .sources import STORED, ArchiveSource, ContentSource

_LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
#: the options of the module; what they mean is in its documentation
EXPORT_OPTIONS: Dict[str, Dict[str, Any]] = {
    "digests": {"type": "list", "elements": "str", "required": True},
    "unneeded": {"type": "list", "elements": "str", "default": []},
    "sources": {
        "type": "list",
        "elements": "dict",
        "options": {"type": {"type": "str", "choices": list(STORED), "default": "containerd"}, "path": {"type": "path"}},
        "default": [{"type": "containerd"}],
    },
    "path": {"type": "path", "required": True},
}


class Export:
    """One run. ``run()`` once; ``result()`` at any time afterwards, however it ended."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """``params`` are :data:`EXPORT_OPTIONS`. Raises :class:`BadInput` for those that cannot be used."""
        self._digests = [parse_digest(digest) for digest in params["digests"]]
        self._unneeded = frozenset(parse_digest(digest) for digest in params["unneeded"] or [])
        self._wanted = params["sources"]
        for number, source in enumerate(self._wanted):
            if not source.get("path") and source["type"] != "containerd":
                raise BadInput(f"a source of type {source['type']} needs path", where=f"sources[{number}]")
        self._path = os.path.abspath(params["path"])
        self._problems: List[str] = []
        self._found: List[Content] = []
        self._missing: List[Content] = []
        self._labels: List[str] = []
        self._changed = False
        self._bytes = 0

    def run(self, *, check_mode: bool) -> None:
        """Look, and unless in check mode write the archive. Raises a :class:`RegistryError` where no source can be read."""
        with contextlib.ExitStack() as stack:
            held = Held(self._open(stack), self._unneeded)
            held.look(self._digests)
            self._problems += held.problems
            self._sort(held.contents.values())
            if not self._found or self._is_there():
                return
            if check_mode:
                self._changed = True
            else:
                self._write()

    def _open(self, stack: contextlib.ExitStack) -> List[ContentSource]:
        opened: List[ContentSource] = []
        errors: List[RegistryError] = []
        for wanted in self._wanted:
            try:
                opened.append(STORED[wanted["type"]](wanted.get("path") or ""))
            except RegistryError as error:
                errors.append(error)
                continue
            stack.callback(opened[-1].close)
        if not opened:
            raise errors[0] if errors else BadInput("no source is named", where="sources")
        self._problems += map(str, errors)
        self._labels = [source.label for source in opened]
        return opened

    def _sort(self, contents: Iterable[Content]) -> None:
        found: List[Content] = []
        missing: List[Content] = []
        for content in contents:
            (found if content.sources else missing).append(content)
        self._found, self._missing = found, missing
        self._bytes = sum(content.size or 0 for content in found)

    # -- the archive

    def _is_there(self) -> bool:
        """Whether the archive is there already, with the right bytes of just what was found."""
        try:
            archive = ArchiveSource(self._path)
        except RegistryError:
            return False
        with contextlib.closing(archive):
            wanted = [content.digest for content in self._found]
            return sorted(archive.digests()) == sorted(wanted) and all(map(functools.partial(_hashes, archive), wanted))

    def _write(self) -> None:
        temporary = f"{self._path}.new"
        try:
            with self._fresh(temporary) as writer:
                writer.add("oci-layout", _LAYOUT)
                for content in self._found:
                    self._copy(content, writer)
                self._sort(self._found + self._missing)
                writer.add("index.json", self._index())
                writer.end()
            with writing(self._path):
                if self._found:
                    os.rename(temporary, self._path)
                    sync_folder(os.path.dirname(self._path))
                self._changed = bool(self._found)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary)

    @contextlib.contextmanager
    def _fresh(self, path: str) -> Iterator[TarWriter]:
        """A new file that only the owner of its folder may read: whoever fetches it need not be root."""
        with writing(path):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb", buffering=1 << 20) as file:
            if os.geteuid() == 0:
                folder = os.stat(os.path.dirname(path))
                os.fchown(descriptor, folder.st_uid, folder.st_gid)
            yield TarWriter(file, path)

    def _copy(self, content: Content, writer: TarWriter) -> None:
        """Add the bytes of the first source whose bytes are right; one that has others is named, and does not count."""
        for source in list(content.sources):
            try:
                if _copy_from(source, content, writer):
                    content.sources = [source]
                    return
                content.why = f"what {source.label} has does not hash to it"
            except ApplyFailed:
                raise  # the archive, not the source
            except RegistryError as error:
                content.why = str(error)
            content.sources.remove(source)

    def _index(self) -> bytes:
        roots = [each for each in self._found if each.digest in self._digests and each.media_type]
        manifests = [{"mediaType": each.media_type, "digest": each.digest, "size": each.size} for each in roots]
        return json.dumps({"schemaVersion": 2, "manifests": manifests}).encode()

    # -- the result

    def result(self) -> Dict[str, Any]:
        """What the module returns: plain JSON types."""
        return {
            "changed": self._changed,
            "path": self._path if self._found else "",
            "bytes": self._bytes,
            "found": [dict(content.as_dict(), source=content.sources[0].label) for content in self._found],
            "missing": [dict(content.as_dict(), why=content.why) for content in self._missing],
            "sources": self._labels,
            "problems": self._problems,
        }

    def message(self) -> str:
        """One sentence for people."""
        where = ", ".join(self._labels)
        return f"{where}: has {len(self._found)} of {len(self._found) + len(self._missing)} that are wanted ({self._bytes} bytes)"


def _copy_from(source: ContentSource, content: Content, writer: TarWriter) -> bool:
    name = "blobs/" + "/".join(split_digest(content.digest))
    size = source.size(content.digest) or 0
    if not writer.add_blob(name, content.digest, size, lambda sink: source.copy_blob("", content.digest, sink)):
        return False
    content.size = size
    return True


def _hashes(archive: ArchiveSource, digest: str) -> bool:
    hasher = new_hash(digest)
    archive.copy_blob("", digest, hasher.update)
    return bool(hasher.hexdigest() == split_digest(digest)[1])
