# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One registry over HTTP, asked about single manifests and blobs, by bytes. Reads only; used for the own registry and for sources."""

from __future__ import annotations

from typing import Callable, NamedTuple, Optional

from ..client import Answer, Client
from ..digest import matches, new_hash, split_digest
from ..errors import ProtocolError
from ..model import Descriptor
from ..plans.facts import GONE, RIGHT, WRONG
from ..view import MISSING, Fault
from ..walk.facts import describe, manifest_facts, range_facts, whole_facts


class ApiFact(NamedTuple):
    """What an answer shows, ``detail`` as a clause. ``stale``: it is that of a cache whose disk no longer has the bytes."""

    state: str  # right, wrong or gone
    detail: str = ""
    stale: bool = False
    digest: str = ""  # of a manifest
    content: Optional[bytes] = None  # of a manifest with the right bytes
    refused: bool = False  # it answered neither with it nor that it has no such thing: 403, 500


class ApiView:
    """Looks at one registry. Raises a :class:`RegistryError` where it cannot be asked."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def manifest(self, repository: str, reference: str) -> ApiFact:
        """The answer to a GET of a manifest by tag or digest."""
        answer = self.client.get_manifest(repository, reference)
        facts = manifest_facts(answer, reference)
        if answer.status == 200 and answer.complete and facts.digest and matches(facts.digest, answer.body):
            return ApiFact(RIGHT, "", False, facts.digest, answer.body)
        if facts.fault is None:
            return ApiFact(GONE, "it is a schema 1 manifest, which the registry does not serve", False, facts.digest)
        return _fault(facts.fault, facts.digest, answer.status)

    def blob(self, repository: str, digest: str, size: int) -> ApiFact:
        """The answer to a GET of the last byte of a blob of ``size`` bytes."""
        last = max(size - 1, 0)
        answer = self.client.get_blob_range(repository, digest, last, last)
        facts = range_facts(answer, Descriptor(digest, size))
        if facts.fault is not None:
            return _fault(facts.fault, status=answer.status)
        if facts.size != size:
            return ApiFact(WRONG, f"the registry serves {facts.size} bytes, where its descriptor says {size}")
        return ApiFact(RIGHT)

    def whole_blob(self, repository: str, digest: str) -> ApiFact:
        """The answer to a GET of all bytes of a blob, hashed."""
        hasher = new_hash(digest)
        facts = whole_facts(self.client.get_blob(repository, digest, hasher.update), Descriptor(digest, 0))
        if facts.fault is not None:
            return _fault(facts.fault)
        if hasher.hexdigest() != split_digest(digest)[1]:
            return ApiFact(WRONG, f"the {facts.size} bytes served do not hash to it")
        return ApiFact(RIGHT)

    def claims(self, repository: str, digest: str, *, manifest: bool) -> bool:
        """Whether a HEAD is answered with 200, which proves nothing but that a cache may say so."""
        head = self.client.head_manifest if manifest else self.client.head_blob
        return bool(head(repository, digest).status == 200)

    def copy(self, repository: str, digest: str, sink: Callable[[bytes], None]) -> None:
        """Give all bytes of a blob to ``sink``, unchecked. Raises :class:`ProtocolError` where they do not all come."""
        answer: Answer = self.client.get_blob(repository, digest, sink)
        if answer.status != 200:
            raise ProtocolError(describe(answer), where=f"{self.client.address}/{repository}@{digest}")
        if not answer.complete:
            what = f"promises {answer.length} bytes and delivers {answer.received}"
            raise ProtocolError(what, where=f"{self.client.address}/{repository}@{digest}")


def _fault(fault: Fault, digest: str = "", status: int = 404) -> ApiFact:
    state = GONE if fault.symptom == MISSING else WRONG
    subject = "the registry " if fault.detail.startswith(("answers", "promises")) else ""
    refused = status >= 400 and status not in (404, 416)
    return ApiFact(state, subject + fault.detail, fault.state == "stale-cache", digest, refused=refused)
