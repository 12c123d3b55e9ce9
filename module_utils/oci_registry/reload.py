# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Pushes an image of a ``docker save`` archive under a new digest, and proves it before a tag points at it: module ``docker_archive_push``."""

from __future__ import annotations

import contextlib
from typing import Any, Dict, List, Mapping, Optional

from .apply.api import ApiWriter
from .apply.journal import DONE, FAILED, Journal, new_run_id
from .apply.lock import RunLock
from .apply.spool import Spool
from .apply.workplace import Workplace
from .client import Client
from .digest import new_hash, sha256_of
from .docker_archive import DockerArchive, Packed, SavedImage, manifest_of, pack
from .errors import NeedsApproval, ProofFailed, RegistryError
from .evidence.http import ApiView
from .evidence.tagged import Tagged, look_at_tag
from .model import parse_manifest
from .options import connection_spec, settings_from
from .plans.facts import RIGHT
from .reference import parse_tag

_SHA256 = "sha256"
#: the options of the module; what they mean is in its documentation
PUSH_OPTIONS: Dict[str, Dict[str, Any]] = dict(
    connection_spec(),
    path={"type": "path", "required": True},
    saved_image={"type": "str"},
    image={"type": "str", "required": True},
    replace={"type": "bool", "default": False},
    format={"type": "str", "choices": ["docker", "oci"], "default": "docker"},
    lock_timeout={"type": "float", "default": 30.0},
)


class ArchivePush:
    """One run. ``run()`` once; ``result()`` at any time afterwards, however it ended."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """``params`` are :data:`PUSH_OPTIONS`. Raises a :class:`RegistryError` for options that cannot be used."""
        self._params = params
        self._repository, self._tag = parse_tag(params["image"], params["registry"])
        self._where = f"{params['registry']}/{self._repository}:{self._tag}"
        self._client = Client(settings_from(params))
        self._workplace = Workplace.of_registry(params["registry"])
        self._before = Tagged()
        self._saved: Optional[SavedImage] = None
        self._blobs: List[Packed] = []  # the layers in their order
        self._digest = ""
        self._is_there = False
        self._done = False
        self._check_mode = True

    def run(self, *, check_mode: bool) -> None:
        """Look, and unless in check mode push and prove. Raises a :class:`RegistryError` where that fails."""
        self._check_mode = check_mode
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._client)
            if not check_mode:
                stack.enter_context(RunLock(self._workplace, self._params["lock_timeout"]))
                self._workplace.remove_stale()
            archive = DockerArchive(self._params["path"])
            stack.callback(archive.close)
            self._saved = saved = archive.image(self._params["saved_image"] or "")
            self._before = self._look()
            if self._before.config == saved.id and self._is_whole(self._before):
                self._digest, self._is_there = self._before.digest, True
                return
            self._refuse_to_replace()
            if check_mode:
                self._plan(archive, saved)
            else:
                self._push(archive, saved)

    # -- before

    def _look(self) -> Tagged:
        return look_at_tag(self._client, self._repository, self._tag)

    def _is_whole(self, tagged: Tagged) -> bool:
        view = ApiView(self._client)
        return all(view.whole_blob(self._repository, digest).state == RIGHT for digest in tagged.blobs)

    def _refuse_to_replace(self) -> None:
        if self._before.exists and not self._params["replace"]:
            points = f"points at {self._before.digest}" if self._before.digest else "is there"
            broken = "" if self._before.readable else ", although nothing can be pulled by it"
            raise NeedsApproval(f"the tag {points}{broken}", where=self._where, advice="Push to a tag of its own, or set replace")

    def _plan(self, archive: DockerArchive, saved: SavedImage) -> None:
        """Everything but the upload: the digest that a push would give."""
        for member, diff_id in zip(saved.layers, saved.diff_ids):
            counted = _Counted()
            pack(archive.tar.chunks(member), diff_id, counted.take)
            self._blobs.append(counted.packed())
        self._digest = sha256_of(self._manifest(saved))

    # -- the push

    def _push(self, archive: DockerArchive, saved: SavedImage) -> None:
        journal = Journal(self._workplace, new_run_id())
        journal.begin({"action": "reload", "repository": self._repository, "tags": [self._tag], "digest": self._before.digest})
        try:
            self._upload(archive, saved)
            self._set_tag(self._manifest(saved))
        except RegistryError as error:
            journal.write(FAILED, digest=self._digest, why=str(error))
            raise
        else:
            journal.write(DONE, digest=self._digest, detail=f"it was {self._before.digest or 'not there'} before")
        finally:
            journal.end()

    def _upload(self, archive: DockerArchive, saved: SavedImage) -> None:
        for member, diff_id in zip(saved.layers, saved.diff_ids):
            with Spool(self._workplace, _SHA256) as spool:
                pack(archive.tar.chunks(member), diff_id, spool.write)
                self._blobs.append(self._put(spool))
        with Spool(self._workplace, _SHA256) as spool:
            spool.write(saved.config)
            self._put(spool)

    def _put(self, spool: Spool) -> Packed:
        """Upload a blob and read it back, whole: a damaged file that is in the way stays there, whatever is pushed."""
        digest = spool.take_digest()
        spool.settle()
        ApiWriter(self._client).put_blob(self._repository, spool)
        fact = ApiView(self._client).whole_blob(self._repository, digest)
        if fact.state != RIGHT:
            where = f"{self._params['registry']}/{self._repository}@{digest}"
            raise ProofFailed(f"{fact.detail}, although it took it", where=where, advice=_IN_THE_WAY)
        return Packed(digest, spool.size)

    def _set_tag(self, content: bytes) -> None:
        self._digest = sha256_of(content)
        now = self._look()
        if (now.exists, now.digest) != (self._before.exists, self._before.digest):
            advice = "Nothing points at what was pushed. Look who moved it, then run again"
            raise ProofFailed("the tag was moved meanwhile", where=self._where, advice=advice)
        ApiWriter(self._client).put_manifest(self._repository, self._tag, content, parse_manifest(content))
        if self._look().digest != self._digest:
            raise ProofFailed("the tag does not point at what was pushed, although the registry took it", where=self._where)
        self._done = True

    def _manifest(self, saved: SavedImage) -> bytes:
        return manifest_of(self._params["format"], Packed(saved.id, len(saved.config)), self._blobs)

    # -- the result

    def result(self) -> Dict[str, Any]:
        """What the module returns, besides ``diff``: plain JSON types."""
        saved = self._saved
        return {
            "changed": self._done or (self._check_mode and bool(self._digest) and not self._is_there),
            "digest": self._digest if self._done or self._is_there or self._check_mode else "",
            "digests_before": [digest for digest in (self._before.digest, *self._before.children) if digest],
            "platform": saved.platform if saved else "",
            "platforms_lost": self._platforms_lost(),
            "image_id": saved.id if saved else "",
            "saved_names": list(saved.names) if saved else [],
            "layers": [blob._asdict() for blob in self._blobs],
        }

    def _platforms_lost(self) -> List[str]:
        here = self._saved.platform if self._saved else ""
        return [] if self._is_there else sorted(set(self._before.platforms) - {here})

    def diff(self) -> Dict[str, Any]:
        """The tag before and after: the same in check mode and in a real run."""
        result, image = self.result(), f"{self._repository}:{self._tag}"
        before = {image: self._before.digest} if self._before.exists else {}
        return {"before": before, "after": {image: result["digest"]} if result["changed"] else before}

    def message(self) -> str:
        """One sentence or two for people."""
        result, image = self.result(), f"{self._repository}:{self._tag}"
        if self._is_there:
            return f"{image} is this image already, {result['digest']}, every byte of it read"
        verb = "would be pushed" if self._check_mode else "was pushed and read back"
        text = f"{image} {verb} under a new digest, {result['digest']}, for one platform, {result['platform'] or 'unknown'}"
        lost = ", ".join(result["platforms_lost"])
        return text + (f". The tag had {lost} before, which nobody can pull by it any more" if lost else "")


class _Counted:
    """Hashes and counts what it is given, and keeps none of it."""

    def __init__(self) -> None:
        self._hash, self._size = new_hash(_SHA256), 0

    def take(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        self._size += len(chunk)

    def packed(self) -> Packed:
        return Packed(f"{_SHA256}:{self._hash.hexdigest()}", self._size)


_IN_THE_WAY = (
    "A damaged file is in the way: run registry_repair on the registry's host with path, or approve quarantine there, then again"
)
